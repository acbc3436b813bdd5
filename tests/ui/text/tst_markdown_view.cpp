// SPDX-License-Identifier: Apache-2.0
#include "ui/text/markdownview.h"
#include "ui/text/richlayout.h"
#include "ui/theme/theme.h"

#include <QAccessible>
#include <QApplication>
#include <QClipboard>
#include <QElapsedTimer>
#include <QPainter>
#include <QPushButton>
#include <QSignalSpy>
#include <QTest>

using namespace moescope::ui;

namespace {

/** Lays the view out at 500 px and shows it. */
void settle(MarkdownView& view, int width = 500) {
    view.resize(width, view.heightForWidth(width));
    view.show();
    while (!view.isLaidOut()) {
        QCoreApplication::processEvents();
    }
    view.resize(width, view.heightForWidth(width));
}

int at(const QString& text, const char* word) { return static_cast<int>(text.indexOf(QLatin1String(word))); }

} // namespace

class TestMarkdownView : public QObject {
    Q_OBJECT
private slots:
    void initTestCase() { setTheme(*qApp, Theme(Scheme::Light)); }
    void hitTestFindsTheSource();
    void hitTestInCodeAndTables();
    void linesStayWithinTheirWidth();
    void markedRangeIsDrawnRoundTheWord();
    void hitsAreMarkedAndTheCurrentOneIsOutlined();
    void selectionCopiesTheSource();
    void doubleClickTakesAWord();
    void linksAreReportedNotOpened();
    void linksByKeyboard();
    void copyButtonTakesTheCode();
    void wideCodeScrolls();
    void streamingShowsACaret();
    void appendEqualsSet();
    void hardTextLaysOut_data();
    void hardTextLaysOut();
    void longTextComesInSlices();
    void growingCodeIsCheap();
    void themeChange();
    void screenReadersReadIt();
};

void TestMarkdownView::hitTestFindsTheSource() {
    const QString text = QStringLiteral(
        "The **old** boat came to `rest` in the reeds.\n\n- It had a blue stripe &amp; no one inside. שלום 小さな");
    MarkdownView view;
    view.setMarkdown(text);
    settle(view);
    for (const char* word : {"old", "boat", "rest", "reeds", "blue", "inside"}) {
        const int offset = at(text, word);
        for (int i = 0; i < int(qstrlen(word)); ++i) {
            const QList<QRect> rects = view.rectsOfSource(offset + i, offset + i + 1);
            QCOMPARE(rects.size(), 1);
            QCOMPARE(view.sourceOffsetAt(rects[0].center()), offset + i);
        }
    }
    QCOMPARE(view.sourceOffsetAt(QPoint(499, 5)), -1);
    QCOMPARE(view.sourceOffsetAt(QPoint(5, 5000)), -1);
    QCOMPARE(view.sourceOffsetAt(QPoint(5, -5)), -1);
    QVERIFY(view.topOfSourceOffset(at(text, "blue")) > view.topOfSourceOffset(at(text, "boat")));
}

void TestMarkdownView::hitTestInCodeAndTables() {
    const QString text = QStringLiteral("```\nfirst line\n\tsecond\n```\n\n| a | b |\n|---|---|\n| cell | other |\n");
    MarkdownView view;
    view.setMarkdown(text);
    settle(view);
    for (const char* word : {"first", "second", "cell", "other"}) {
        const int offset = at(text, word);
        const QList<QRect> rects = view.rectsOfSource(offset, offset + 1);
        QCOMPARE(rects.size(), 1);
        QCOMPARE(view.sourceOffsetAt(rects[0].center()), offset);
    }
}

void TestMarkdownView::linesStayWithinTheirWidth() {
    // A tab once had the rest of its line stretched.
    RichText text;
    text.text =
        QStringLiteral("The boat\tcame ") + QStringLiteral("小さな青い船").repeated(20) + QStringLiteral(" late");
    for (int width = 480; width < 500; ++width) {
        RichLayout lines;
        lines.layOut(text, theme().font(TextStyle::Body), 22, width, {}, Color::Text);
        QVERIFY(lines.height() > 44);
        QImage image(width + 200, lines.height(), QImage::Format_RGB32);
        image.fill(Qt::white);
        QPainter painter(&image);
        lines.paint(painter, {}, image.rect(), {});
        painter.end();
        for (int y = 0; y < image.height(); ++y) {
            for (int x = width + 1; x < image.width(); ++x) {
                QCOMPARE(image.pixel(x, y), QColor(Qt::white).rgb());
            }
        }
    }
}

void TestMarkdownView::markedRangeIsDrawnRoundTheWord() {
    const QString text = QStringLiteral("One day an old boat came to rest.");
    MarkdownView view;
    view.setMarkdown(text);
    settle(view);
    const auto count = [&](const QImage& image) {
        int found = 0;
        for (int y = 0; y < image.height(); ++y) {
            for (int x = 0; x < image.width(); ++x) {
                found += image.pixelColor(x, y) == theme().color(Color::AccentText) ? 1 : 0;
            }
        }
        return found;
    };
    QCOMPARE(count(view.grab().toImage()), 0);
    const int offset = at(text, "boat");
    view.setMarkedRange(offset - 1, offset + 4); // a token brings its space
    const QImage image = view.grab().toImage();
    QVERIFY(count(image) > 80);
    const QRect word = view.rectsOfSource(offset, offset + 4)[0];
    QCOMPARE(image.pixelColor(word.left() - 2, word.center().y()), theme().color(Color::AccentText));
    QCOMPARE(image.pixelColor(word.right() + 2, word.center().y()), theme().color(Color::AccentText));
    view.setMarkedRange(0, 0);
    QCOMPARE(count(view.grab().toImage()), 0);

    // A full stop stands in its mark unhidden; a letter beside a marked token stays free.
    const auto columns = [&] {
        const QImage now = view.grab().toImage();
        int first = now.width();
        int last = -1;
        for (int x = 0; x < now.width(); ++x) {
            for (int y = 0; y < now.height(); ++y) {
                if (now.pixelColor(x, y) == theme().color(Color::AccentText)) {
                    first = std::min(first, x);
                    last = std::max(last, x);
                }
            }
        }
        return std::pair(first, last);
    };
    const int stop = at(text, ".");
    const QImage unmarked = view.grab().toImage();
    view.setMarkedRange(stop, stop + 1);
    const QRect dot = view.rectsOfSource(stop, stop + 1)[0];
    QVERIFY(columns().first >= dot.left() - 2);
    const QImage marked = view.grab().toImage();
    int dark = 0;
    for (int y = dot.top(); y <= dot.bottom(); ++y) {
        for (int x = dot.left(); x <= dot.right(); ++x) {
            if (unmarked.pixelColor(x, y).lightness() < 128) {
                ++dark;
                QVERIFY(marked.pixelColor(x, y).lightness() < 128);
                QVERIFY(marked.pixelColor(x - 1, y) != theme().color(Color::AccentText));
                QVERIFY(marked.pixelColor(x + 1, y) != theme().color(Color::AccentText));
            }
        }
    }
    QVERIFY(dark > 0);
    QVERIFY(columns().second >= dot.right() + 2);
    view.setMarkedRange(offset + 1, offset + 3);
    const QRect inner = view.rectsOfSource(offset + 1, offset + 3)[0];
    QVERIFY(columns().first >= inner.left() - 1);
    QVERIFY(columns().second <= inner.right() + 1);

    // Between a word and its full stop there is no room for a line: the mark is open there, but for its corners.
    view.setMarkedRange(stop - 4, stop);
    const QRect rest = view.rectsOfSource(stop - 4, stop)[0];
    const QImage open = view.grab().toImage();
    const auto isLine = [&](int x, int y) { return open.pixelColor(x, y) == theme().color(Color::AccentText); };
    QVERIFY(isLine(rest.left() - 2, rest.center().y()));
    for (int y = rest.top() + 2; y <= rest.bottom() - 2; ++y) {
        for (int x = rest.left(); x <= rest.right() + 4; ++x) {
            QVERIFY(!isLine(x, y));
        }
    }
    QVERIFY(isLine(rest.center().x(), rest.bottom() + 2)); // and whole above and below
    QVERIFY(isLine(rest.center().x(), rest.top() - 1));
}

void TestMarkdownView::hitsAreMarkedAndTheCurrentOneIsOutlined() {
    const QString text = QStringLiteral("A boat, a boat.\n\n```c\nint boat;\n```\n\n| boat |\n|---|\n| b |\n");
    MarkdownView view;
    view.setMarkdown(text);
    settle(view);
    QList<SourceRange> hits;
    for (qsizetype place = text.indexOf("boat"); place >= 0; place = text.indexOf("boat", place + 1)) {
        hits.append({static_cast<int>(place), static_cast<int>(place) + 4});
    }
    QCOMPARE(hits.size(), 4);
    view.setFoundRanges(hits, 1);
    const QImage image = view.grab().toImage();
    for (int i = 0; i < hits.size(); ++i) {
        const QRect box = view.rectsOfSource(hits[i].start, hits[i].end)[0];
        // Between the tops of the letters and the box there is room.
        QCOMPARE(image.pixelColor(box.right() - 3, box.top() + 1), theme().color(Color::WarnTint));
        QCOMPARE(image.pixelColor(box.left() - 1, box.center().y()) == theme().color(Color::Warn), i == 1);
        QCOMPARE(image.pixelColor(box.right() - 1, box.bottom()), theme().color(Color::Warn));
    }
    view.setFoundRanges({}, -1);
    const QRect box = view.rectsOfSource(hits[0].start, hits[0].end)[0];
    QVERIFY(view.grab().toImage().pixelColor(box.right() - 3, box.top() + 1) != theme().color(Color::WarnTint));
}

void TestMarkdownView::selectionCopiesTheSource() {
    const QString text = QStringLiteral("Some **strong** words.\n\n- item\n\n```c\nint x;\n```\n");
    MarkdownView view;
    view.setMarkdown(text);
    settle(view);
    QTest::keyClick(&view, Qt::Key_A, Qt::ControlModifier);
    QTest::keyClick(&view, Qt::Key_C, Qt::ControlModifier);
    QCOMPARE(QApplication::clipboard()->text(), text);
    const QRect from = view.rectsOfSource(at(text, "Some"), at(text, "Some") + 1)[0];
    const QRect to = view.rectsOfSource(at(text, "words"), at(text, "words") + 1)[0];
    QTest::mousePress(&view, Qt::LeftButton, {}, from.topLeft() + QPoint(0, 8));
    QMouseEvent move(QEvent::MouseMove, to.topLeft() + QPoint(0, 8), view.mapToGlobal(to.topLeft()), Qt::NoButton,
                     Qt::LeftButton, {});
    QApplication::sendEvent(&view, &move);
    QTest::mouseRelease(&view, Qt::LeftButton, {}, to.topLeft() + QPoint(0, 8));
    QCOMPARE(view.selectedSource(), QStringLiteral("Some **strong** "));
    QTest::keyClick(&view, Qt::Key_Escape);
    QVERIFY(!view.hasSelection());
}

void TestMarkdownView::doubleClickTakesAWord() {
    const QString text = QStringLiteral("The boat moved.");
    MarkdownView view;
    view.setMarkdown(text);
    settle(view);
    QTest::mouseDClick(&view, Qt::LeftButton, {}, view.rectsOfSource(5, 6)[0].center());
    QCOMPARE(view.selectedSource(), QStringLiteral("boat"));
}

void TestMarkdownView::linksAreReportedNotOpened() {
    const QString text = QStringLiteral("[web](https://example.org/a) and [disk](file:///etc/passwd)");
    MarkdownView view;
    view.setMarkdown(text);
    settle(view);
    QSignalSpy activated(&view, &MarkdownView::linkActivated);
    QTest::mouseClick(&view, Qt::LeftButton, {},
                      view.rectsOfSource(at(text, "disk"), at(text, "disk") + 1)[0].center());
    QCOMPARE(activated.count(), 0);
    QTest::mouseClick(&view, Qt::LeftButton, {}, view.rectsOfSource(1, 2)[0].center());
    QCOMPARE(activated.count(), 1);
    QCOMPARE(activated[0][0].toString(), QStringLiteral("https://example.org/a"));
}

void TestMarkdownView::linksByKeyboard() {
    QWidget window;
    auto* view = new MarkdownView(&window);
    auto* after = new QPushButton(QStringLiteral("After"), &window);
    view->setMarkdown(QStringLiteral("[one](https://one.org)\n\ntext\n\n| h |\n|---|\n| [two](https://two.org) |\n"));
    view->setGeometry(0, 0, 400, view->heightForWidth(400));
    after->move(0, 300);
    window.resize(400, 400);
    window.show();
    QApplication::setActiveWindow(&window);
    QVERIFY(QTest::qWaitForWindowActive(&window));
    view->setFocus();
    QSignalSpy activated(view, &MarkdownView::linkActivated);
    QTest::keyClick(view, Qt::Key_Tab);
    QTest::keyClick(view, Qt::Key_Return);
    QTest::keyClick(view, Qt::Key_Tab);
    QTest::keyClick(view, Qt::Key_Return);
    QCOMPARE(activated.count(), 2);
    QCOMPARE(activated[0][0].toString(), QStringLiteral("https://one.org"));
    QCOMPARE(activated[1][0].toString(), QStringLiteral("https://two.org"));
    QTest::keyClick(view, Qt::Key_Tab);
    QVERIFY(after->hasFocus());
}

void TestMarkdownView::copyButtonTakesTheCode() {
    MarkdownView view;
    view.setMarkdown(QStringLiteral("Text\n\n```python\nprint(1)\nx\n```\n"));
    settle(view);
    const QList<QPushButton*> buttons = view.findChildren<QPushButton*>();
    QCOMPARE(buttons.size(), 1);
    QCOMPARE(buttons[0]->accessibleName(), QStringLiteral("Copy Python code"));
    QVERIFY(view.rect().contains(buttons[0]->geometry()));
    QTest::mouseClick(buttons[0], Qt::LeftButton);
    QCOMPARE(QApplication::clipboard()->text(), QStringLiteral("print(1)\nx"));
}

void TestMarkdownView::wideCodeScrolls() {
    const QString text = QStringLiteral("```\n") + QString(200, QLatin1Char('x')) + QStringLiteral("end\n```\n");
    MarkdownView view;
    view.setMarkdown(text);
    settle(view, 300);
    const QRect before = view.rectsOfSource(at(text, "end"), at(text, "end") + 1)[0];
    QVERIFY(before.left() > 300);
    QWheelEvent wheel(QPointF(50, 50), view.mapToGlobal(QPointF(50, 50)), QPoint(-100000, 0), QPoint(), Qt::NoButton,
                      {}, Qt::NoScrollPhase, false);
    QApplication::sendEvent(&view, &wheel);
    QVERIFY(wheel.isAccepted());
    const QRect after = view.rectsOfSource(at(text, "end") + 2, at(text, "end") + 3)[0];
    QVERIFY2(after.right() < 300 && after.left() > 200, qPrintable(QString::number(after.left())));
    QWheelEvent down(QPointF(50, 50), view.mapToGlobal(QPointF(50, 50)), QPoint(0, -50), QPoint(), Qt::NoButton, {},
                     Qt::NoScrollPhase, false);
    QApplication::sendEvent(&view, &down);
    QVERIFY(!down.isAccepted());
}

void TestMarkdownView::streamingShowsACaret() {
    MarkdownView view;
    view.setMarkdown(QStringLiteral("Hello"));
    settle(view);
    const QImage without = view.grab().toImage();
    view.setStreaming(true);
    QVERIFY(view.grab().toImage() != without);
    view.setStreaming(false);
    QCOMPARE(view.grab().toImage(), without);
    MarkdownView empty;
    empty.setStreaming(true);
    QCOMPARE(empty.heightForWidth(300), theme().lineHeight(TextStyle::Body));
}

void TestMarkdownView::appendEqualsSet() {
    const QString text =
        QStringLiteral("# Head\n\nA **bold** paragraph of some words that wraps at this width, surely.\n\n- a\n- "
                       "b\n\n```py\nx = 1\ny = 2\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\nend");
    MarkdownView whole;
    whole.setMarkdown(text);
    settle(whole, 260);
    MarkdownView pieces;
    pieces.resize(260, 10);
    pieces.show();
    pieces.setStreaming(true);
    for (const QChar c : text) {
        pieces.appendMarkdown(QString(c));
        QVERIFY(pieces.heightForWidth(260) > 0);
    }
    pieces.setStreaming(false);
    settle(pieces, 260);
    QCOMPARE(pieces.heightForWidth(260), whole.heightForWidth(260));
    QCOMPARE(pieces.grab().toImage(), whole.grab().toImage());
}

void TestMarkdownView::hardTextLaysOut_data() {
    QTest::addColumn<QString>("text");
    QTest::newRow("10,000-character word") << QString(10000, QLatin1Char('w'));
    QTest::newRow("CJK") << QStringLiteral("小さな船が川を下った。").repeated(1000);
    QTest::newRow("RTL") << QStringLiteral("שלום עולם, סירה קטנה. ").repeated(500);
    QTest::newRow("mixed") << QStringLiteral("abc שלום 123 عربي 🦊🦊 👩‍👩‍👧 é ").repeated(300);
    QTest::newRow("combining") << QStringLiteral("a") + QString(3000, QChar(0x0301));
    QTest::newRow("joined emoji") << QStringLiteral("👩‍").repeated(2000);
    QTest::newRow("code line") << QStringLiteral("```\n") + QString(300000, QLatin1Char('x')) + QStringLiteral("\n```");
    QTest::newRow("wide table") << QStringLiteral("|") + QStringLiteral("a|").repeated(60) + QStringLiteral("\n|") +
                                       QStringLiteral("-|").repeated(60) + QStringLiteral("\n");
    QTest::newRow("lone surrogates") << QString(100, QChar(0xD83E)) + QString(100, QChar(0xDD8A));
    QTest::newRow("deep quotes") << QStringLiteral("> ").repeated(300) + QStringLiteral("x");
}

void TestMarkdownView::hardTextLaysOut() {
    QFETCH(QString, text);
    MarkdownView view;
    view.setMarkdown(text);
    settle(view, 300);
    QVERIFY(view.heightForWidth(300) > 0);
    view.resize(300, 400);
    QVERIFY(!view.grab(QRect(0, 0, 300, 400)).isNull());
    settle(view, 40); // narrower than indents
    QVERIFY(view.heightForWidth(40) > 0);
    view.sourceOffsetAt(QPoint(20, 10));
}

void TestMarkdownView::longTextComesInSlices() {
    // Narrow letters, so that the estimate is too high.
    const QString text = (QStringLiteral("illi tilt ").repeated(70) + QStringLiteral("**bold**\n\n")).repeated(1500);
    QVERIFY(text.size() > 1000000);
    QWidget window; // shows a small part, as a transcript does
    window.resize(600, 400);
    MarkdownView view(&window);
    view.setMarkdown(text);
    const int estimate = view.heightForWidth(600);
    QVERIFY(!view.isLaidOut()); // the first call does not wait for all
    view.resize(600, estimate);
    window.show();
    QSignalSpy changed(&view, &MarkdownView::heightChanged);
    // What is in view is there at once, wherever it stands.
    const QImage middle = view.grab(QRect(0, estimate / 2, 600, 400)).toImage();
    int dark = 0;
    for (int y = 0; y < 400; ++y) {
        for (int x = 0; x < 600; ++x) {
            dark += middle.pixelColor(x, y).lightness() < 100 ? 1 : 0;
        }
    }
    QVERIFY2(dark > 2000, qPrintable(QString::number(dark)));
    QVERIFY(!view.isLaidOut());
    while (!view.isLaidOut()) {
        QCoreApplication::processEvents();
    }
    QVERIFY(changed.count() > 1);
    const int height = view.heightForWidth(600);
    QVERIFY(height < estimate);
    const int last = view.topOfSourceOffset(static_cast<int>(text.lastIndexOf(QStringLiteral("bold"))));
    QVERIFY2(height - last < 30 && height > last, qPrintable(QString::number(height - last)));
}

void TestMarkdownView::growingCodeIsCheap() {
    MarkdownView view;
    view.resize(400, 400);
    view.show();
    view.setStreaming(true);
    view.appendMarkdown(QStringLiteral("```cpp\n"));
    const qint64 before = view.document().parsedLength();
    for (int i = 0; i < 2000; ++i) {
        view.appendMarkdown(QStringLiteral("int x = 1;\n"));
    }
    QVERIFY(view.document().parsedLength() - before <= 2000 * 11 + 20);
    QCOMPARE(view.document().blocks().size(), size_t(1));
    QVERIFY(view.heightForWidth(400) > 2000 * 20);
    QVERIFY(!view.grab(QRect(0, 0, 400, 400)).isNull());
}

void TestMarkdownView::themeChange() {
    MarkdownView view;
    view.setMarkdown(QStringLiteral("Words `code`\n\n```c\nint x;\n```"));
    settle(view);
    const auto has = [&](Scheme scheme, Color color) {
        const QImage image = view.grab().toImage();
        const QColor sought = Theme(scheme).color(color);
        for (int y = 0; y < image.height(); ++y) {
            for (int x = 0; x < image.width(); ++x) {
                if (image.pixelColor(x, y) == sought) {
                    return true;
                }
            }
        }
        return false;
    };
    QVERIFY(has(Scheme::Light, Color::CodeBg));
    const int height = view.heightForWidth(500);
    setTheme(*qApp, Theme(Scheme::Dark));
    QVERIFY(has(Scheme::Dark, Color::CodeBg));
    QVERIFY(!has(Scheme::Light, Color::CodeBg));
    setTheme(*qApp, Theme(Scheme::Dark, 1.5));
    QVERIFY(view.heightForWidth(500) > height + 20);
    setTheme(*qApp, Theme(Scheme::Light));
}

void TestMarkdownView::screenReadersReadIt() {
    MarkdownView view;
    view.setAccessibleName(QStringLiteral("Answer"));
    view.setMarkdown(QStringLiteral("The boat moved."));
    settle(view);
    QAccessibleInterface* interface = QAccessible::queryAccessibleInterface(&view);
    QVERIFY(interface != nullptr && interface->textInterface() != nullptr);
    QCOMPARE(interface->text(QAccessible::Name), QStringLiteral("Answer"));
    QCOMPARE(interface->text(QAccessible::Value), QStringLiteral("The boat moved."));
    QAccessibleTextInterface* text = interface->textInterface();
    QCOMPARE(text->characterCount(), 15);
    QCOMPARE(text->text(4, 8), QStringLiteral("boat"));
    QCOMPARE(text->offsetAtPoint(text->characterRect(5).center()), 5);
    text->setSelection(0, 4, 8);
    QCOMPARE(view.selectedSource(), QStringLiteral("boat"));
}

QTEST_MAIN(TestMarkdownView)
#include "tst_markdown_view.moc"
