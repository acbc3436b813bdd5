// SPDX-License-Identifier: Apache-2.0
#include "ui/theme/theme.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/contextmeter.h"
#include "ui/widgets/elidedlabel.h"
#include "ui/widgets/emptystate.h"
#include "ui/widgets/iconbutton.h"
#include "ui/widgets/progresscard.h"
#include "ui/widgets/searchfield.h"
#include "ui/widgets/segmentedcontrol.h"
#include "ui/widgets/statusitem.h"
#include "ui/widgets/tabletwin.h"
#include "ui/widgets/toast.h"

#include <QAbstractItemView>
#include <QAccessible>
#include <QApplication>
#include <QClipboard>
#include <QComboBox>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QSignalSpy>
#include <QStandardItemModel>
#include <QTest>
#include <QVBoxLayout>

using namespace moescope::ui;

namespace {

QString accessibleName(QWidget* widget) {
    QAccessibleInterface* interface = QAccessible::queryAccessibleInterface(widget);
    return interface != nullptr ? interface->text(QAccessible::Name) : QString();
}

int pixelsOf(QWidget& widget, const QColor& color) {
    const QImage image = widget.grab().toImage();
    int found = 0;
    for (int y = 0; y < image.height(); ++y) {
        for (int x = 0; x < image.width(); ++x) {
            found += image.pixelColor(x, y) == color ? 1 : 0;
        }
    }
    return found;
}

} // namespace

class TestWidgets : public QObject {
    Q_OBJECT
private slots:
    void initTestCase() { setTheme(*qApp, Theme(Scheme::Light)); }
    void everyControlHasAName();
    void segmentsByMouseAndKeyboard();
    void bannerGrowsWithItsText();
    void bannerTextIsPlain();
    void toastLeavesUnlessFocused();
    void toastUndoByKey();
    void toastHasItsAction();
    void toastShortensALongTitle();
    void progressSaysWhatItDoes();
    void progressSurvivesOddNumbers();
    void meterWarnsFrom85Percent();
    void statusItemIsClickable();
    void elidedLabelTellsTheRest();
    void elidedLabelTakesShorterWords();
    void emptyStateOffersItsAction();
    void searchFieldShowsItsKeyWhileEmpty();
    void twinSortsByValueAndMapsBack();
    void twinCopiesTabs();
    void themeChangeRepaintsAll();
    void focusRingByKeyboardOnly();
    void aSwitchThatIsOnIsTinted();
    void rowsOfAChoiceHaveRoom();
    void buttonsKeepTheirKind();
};

void TestWidgets::everyControlHasAName() {
    IconButton button(QStringLiteral("copy"), QStringLiteral("Copy"));
    QCOMPARE(accessibleName(&button), QStringLiteral("Copy"));
    QCOMPARE(button.toolTip(), QStringLiteral("Copy"));
    QCOMPARE(button.sizeHint(), QSize(28, 28));
    SegmentedControl segments(QStringLiteral("Map"), {QStringLiteral("A"), QStringLiteral("B")});
    QCOMPARE(accessibleName(&segments), QStringLiteral("Map"));
    QCOMPARE(segments.accessibleDescription(), QStringLiteral("A, 1 of 2"));
    StatusItem item(QStringLiteral("offline"), QStringLiteral("Offline"));
    QCOMPARE(accessibleName(&item), QStringLiteral("Offline"));
    SearchField field(QStringLiteral("Search"), QStringLiteral("Ctrl K"));
    QCOMPARE(accessibleName(&field), QStringLiteral("Search"));
    TableTwin twin(QStringLiteral("Experts"));
    QCOMPARE(accessibleName(&twin), QStringLiteral("Experts"));
    EmptyState empty(QStringLiteral("No answer yet"), QStringLiteral("Send a message."));
    QCOMPARE(accessibleName(&empty), QStringLiteral("No answer yet"));
}

void TestWidgets::segmentsByMouseAndKeyboard() {
    SegmentedControl segments(QStringLiteral("Map"),
                              {QStringLiteral("One"), QStringLiteral("Two"), QStringLiteral("Three")});
    segments.resize(segments.sizeHint());
    QSignalSpy changed(&segments, &SegmentedControl::currentIndexChanged);
    QTest::mouseClick(&segments, Qt::LeftButton, {}, QPoint(segments.width() - 8, 10));
    QCOMPARE(segments.currentIndex(), 2);
    QTest::mouseClick(&segments, Qt::RightButton, {}, QPoint(8, 10));
    QCOMPARE(segments.currentIndex(), 2);
    QTest::keyClick(&segments, Qt::Key_Right);
    QCOMPARE(segments.currentIndex(), 2);
    QTest::keyClick(&segments, Qt::Key_Left);
    QCOMPARE(segments.currentIndex(), 1);
    QTest::keyClick(&segments, Qt::Key_Home);
    QTest::keyClick(&segments, Qt::Key_End);
    segments.setCurrentIndex(9);
    segments.setCurrentIndex(-1);
    QCOMPARE(segments.currentIndex(), 2);
    QCOMPARE(changed.count(), 4);
    QCOMPARE(segments.accessibleDescription(), QStringLiteral("Three, 3 of 3"));
    segments.clear();
    QCOMPARE(segments.currentIndex(), -1);
    QCOMPARE(changed.count(), 4);
    QCOMPARE(segments.accessibleDescription(), QStringLiteral("none of 3"));
    QTest::keyClick(&segments, Qt::Key_Left);
    QCOMPARE(segments.currentIndex(), -1);
    segments.setCurrentIndex(2); // the one that was on before
    QCOMPARE(changed.count(), 5);
    segments.setLayoutDirection(Qt::RightToLeft);
    QTest::mouseClick(&segments, Qt::LeftButton, {}, QPoint(segments.width() - 8, 10));
    QCOMPARE(segments.currentIndex(), 0);
}

void TestWidgets::bannerGrowsWithItsText() {
    Banner banner(Banner::Kind::Error, QStringLiteral("Short."));
    const int low = banner.heightForWidth(300);
    banner.setText(QStringLiteral("A long sentence that needs more than one line of the banner. ").repeated(4));
    QVERIFY(banner.heightForWidth(300) > low + 30);
    QVERIFY(banner.heightForWidth(900) < banner.heightForWidth(300));
    const int before = banner.heightForWidth(300);
    QPushButton* action = banner.addAction(QStringLiteral("Show file"));
    QVERIFY(banner.heightForWidth(300) >= before + action->sizeHint().height());
    banner.setClosable(true);
    QSignalSpy closed(&banner, &Banner::closed);
    banner.resize(300, 200);
    banner.show();
    QTest::mouseClick(banner.findChild<IconButton*>(), Qt::LeftButton);
    QCOMPARE(closed.count(), 1);
    QVERIFY(pixelsOf(banner, theme().color(Color::ErrorTint)) > 5000);
}

void TestWidgets::bannerTextIsPlain() {
    Banner banner(Banner::Kind::Warning, QStringLiteral("<img src=x> & <b>bold</b>"));
    QVERIFY(banner.findChild<QLabel*>()->text().contains(QStringLiteral("&lt;img src=x&gt; &amp;")));
    QCOMPARE(banner.accessibleName(), QStringLiteral("<img src=x> & <b>bold</b>"));
    banner.setLead(QStringLiteral("<i>Lead</i>"));
    QVERIFY(banner.findChild<QLabel*>()->text().contains(QStringLiteral("&lt;img src=x&gt; &amp;")));
    QVERIFY(banner.findChild<QLabel*>()->text().contains(QStringLiteral("&lt;i&gt;Lead")));
    QCOMPARE(banner.accessibleName(), QStringLiteral("<i>Lead</i> <img src=x> & <b>bold</b>"));
}

void TestWidgets::toastLeavesUnlessFocused() {
    QWidget window;
    window.resize(500, 300);
    Toast toast(&window);
    toast.move(200, 200); // away from the pointer, which would hold it
    window.show();
    QApplication::setActiveWindow(&window);
    QVERIFY(QTest::qWaitForWindowActive(&window));
    QSignalSpy dismissed(&toast, &Toast::dismissed);
    toast.showMessage(QStringLiteral("“A” was deleted."), QStringLiteral("Undo"), 60);
    QVERIFY(toast.isVisible());
    QTRY_VERIFY(!toast.isVisible());
    QCOMPARE(dismissed.count(), 1);
    toast.showMessage(QStringLiteral("“A” was deleted."), QStringLiteral("Undo"), 60);
    toast.findChild<QPushButton*>()->setFocus();
    QTest::qWait(200);
    QVERIFY(toast.isVisible());
    toast.findChild<QPushButton*>()->clearFocus();
    QTRY_VERIFY(!toast.isVisible());
}

void TestWidgets::toastUndoByKey() {
    QWidget window;
    Toast toast(&window);
    window.show();
    QSignalSpy acted(&toast, &Toast::actionTriggered);
    toast.showMessage(QStringLiteral("Deleted."), QStringLiteral("Undo"));
    QTest::keyClick(toast.findChild<QPushButton*>(), Qt::Key_Z, Qt::ControlModifier);
    QCOMPARE(acted.count(), 1);
    QVERIFY(!toast.isVisible());
    toast.showMessage(QStringLiteral("Deleted."), QStringLiteral("Undo"));
    QTest::keyClick(toast.findChild<QPushButton*>(), Qt::Key_Escape);
    QCOMPARE(acted.count(), 1);
    QVERIFY(!toast.isVisible());
}

void TestWidgets::toastHasItsAction() {
    QWidget window;
    Toast toast(&window);
    window.show();
    toast.showMessage(QStringLiteral("Saved."), {});
    QVERIFY(!toast.findChild<QPushButton*>()->isVisible());
    QTest::keyClick(&toast, Qt::Key_Z, Qt::ControlModifier);
    QVERIFY(toast.isVisible());
    QSignalSpy acted(&toast, &Toast::actionTriggered);
    toast.showMessage(QStringLiteral("Deleted."), QStringLiteral("Undo"));
    QTest::mouseClick(toast.findChild<QPushButton*>(), Qt::LeftButton);
    QCOMPARE(acted.count(), 1);
}

void TestWidgets::toastShortensALongTitle() {
    QWidget window;
    Toast toast(&window);
    const QString brief = QStringLiteral("“A” was deleted.");
    toast.showMessage(brief, QStringLiteral("Undo"));
    toast.fitWithin(760);
    const QSize one = toast.size();
    auto* label = toast.findChild<QLabel*>();
    QCOMPARE(label->text(), brief);
    const QString sentence = QStringLiteral("“%1” was deleted.").arg(QStringLiteral("A long title ").repeated(20));
    toast.showMessage(sentence, QStringLiteral("Undo"));
    toast.fitWithin(760);
    QCOMPARE(toast.width(), 760);
    QCOMPARE(toast.height(), one.height());
    QVERIFY(label->text().startsWith(QStringLiteral("“A long title A long")));
    QVERIFY(label->text().endsWith(QStringLiteral("…” was deleted.")));
    QCOMPARE(toast.accessibleName(), sentence);
    toast.showMessage(QStringLiteral("A sentence without a title. ").repeated(20), {});
    toast.fitWithin(460);
    QCOMPARE(toast.width(), 460);
    QVERIFY(toast.height() > one.height());
}

void TestWidgets::progressSaysWhatItDoes() {
    ProgressCard card;
    card.resize(500, card.sizeHint().height());
    moescope::trace::PrefillProgress progress;
    progress.done = 1152;
    progress.reused = 452;
    progress.total = 1536;
    progress.elapsed_ms = 500;
    card.setPrefill(progress);
    QCOMPARE(card.accessibleName(),
             QStringLiteral("Reading the prompt 1,152 of 1,536 tokens, 452 reused, 700 read, 1,400 tok/s"));
    // Not the mean so far: a token takes longer the more stand before it.
    progress.left_ms = 460;
    card.setPrefill(progress);
    QCOMPARE(card.accessibleName(),
             QStringLiteral("Reading the prompt 1,152 of 1,536 tokens, 452 reused, 700 read, 1,400 tok/s, 0.5 s left"));
    QSignalSpy stopped(&card, &ProgressCard::stopRequested);
    QTest::mouseClick(card.findChild<QPushButton*>(), Qt::LeftButton);
    QCOMPARE(stopped.count(), 1);
    // 8 px high inside 1 px lines: 6 rows of each part, and the swatch.
    const int green = pixelsOf(card, theme().color(Color::Ok));
    const int blue = pixelsOf(card, theme().color(Color::Accent));
    QVERIFY2(qAbs(green - (474 * 452 / 1536 * 6 + 64)) < 20, qPrintable(QString::number(green)));
    QVERIFY2(qAbs(blue - (474 * 700 / 1536 * 6 + 64)) < 20, qPrintable(QString::number(blue)));
}

void TestWidgets::progressSurvivesOddNumbers() {
    ProgressCard card;
    card.resize(300, 80);
    card.setPrefill({});
    QVERIFY(!card.accessibleName().contains(QStringLiteral("nan")));
    moescope::trace::PrefillProgress odd;
    odd.done = 10;
    odd.reused = 20;
    odd.total = 5;
    odd.elapsed_ms = 1;
    odd.left_ms = qQNaN();
    card.setPrefill(odd);
    QVERIFY(!card.accessibleName().contains(QStringLiteral("nan")));
    QVERIFY(!card.grab().isNull());
    card.setProgress(QStringLiteral("Loading"), QStringLiteral("1 of 2 GiB"), qQNaN(), {});
    QVERIFY(!card.grab().isNull());
}

void TestWidgets::meterWarnsFrom85Percent() {
    ContextMeter meter;
    meter.setTokens(869, 1024);
    QVERIFY(!meter.isNearlyFull());
    QCOMPARE(meter.accessibleName(), QStringLiteral("Context, 869 of 1,024 tokens"));
    const int width = meter.sizeHint().width();
    meter.resize(meter.sizeHint());
    QCOMPARE(pixelsOf(meter, theme().color(Color::Warn)), 0);
    meter.setTokens(871, 1024);
    QVERIFY(meter.isNearlyFull());
    QCOMPARE(meter.accessibleName(), QStringLiteral("Context, 871 of 1,024 tokens, nearly full"));
    QVERIFY(meter.sizeHint().width() > width);
    meter.resize(meter.sizeHint());
    QVERIFY(pixelsOf(meter, theme().color(Color::Warn)) > 500);
    meter.setTokens(2000, 1024);
    QVERIFY(!meter.grab().isNull());
    meter.setTokens(-1, 1024);
    QVERIFY(!meter.isNearlyFull());
    QCOMPARE(meter.accessibleName(), QStringLiteral("Context, not counted, of 1,024 tokens"));
    meter.setTokens(0, 0);
    QVERIFY(!meter.isNearlyFull());
    QCOMPARE(meter.accessibleName(), QStringLiteral("Context, no model loaded"));
}

void TestWidgets::statusItemIsClickable() {
    StatusItem item;
    item.setDot(Color::Ok);
    item.setText(QStringLiteral("A & B"));
    QCOMPARE(item.accessibleName(), QStringLiteral("A & B"));
    item.resize(item.sizeHint());
    QVERIFY(pixelsOf(item, theme().color(Color::Ok)) > 20);
    QSignalSpy clicked(&item, &QAbstractButton::clicked);
    QTest::mouseClick(&item, Qt::LeftButton);
    QTest::keyClick(&item, Qt::Key_Space);
    QCOMPARE(clicked.count(), 2);
}

void TestWidgets::elidedLabelTellsTheRest() {
    ElidedLabel label(QStringLiteral("A rather long title of a conversation"));
    label.resize(label.sizeHint());
    QCOMPARE(label.shownText(), label.text());
    QVERIFY(label.toolTip().isEmpty());
    label.resize(80, 20);
    QVERIFY(label.shownText().endsWith(QStringLiteral("…")));
    QCOMPARE(label.accessibleName(), label.text());
    QWidget host;
    label.setParent(&host);
    host.show();
    label.setGeometry(0, 0, 80, 20);
    QTRY_COMPARE(label.toolTip(), label.text());
    label.setParent(nullptr);
}

void TestWidgets::elidedLabelTakesShorterWords() {
    ElidedLabel label(QStringLiteral("Six models in one watched folder"));
    label.setShorter({QStringLiteral("Six models"), QStringLiteral("Six")});
    const QFontMetrics metrics(theme().font(TextStyle::Ui));
    label.resize(label.sizeHint());
    QCOMPARE(label.shownText(), label.text());
    label.resize(label.sizeHint().width() - 2, 20);
    QCOMPARE(label.shownText(), QStringLiteral("Six models"));
    label.resize(metrics.horizontalAdvance(QStringLiteral("Six")), 20);
    QCOMPARE(label.shownText(), QStringLiteral("Six"));
    label.resize(metrics.horizontalAdvance(QStringLiteral("Six")) - 1, 20);
    QVERIFY(label.shownText().endsWith(QStringLiteral("…")));
    QCOMPARE(label.accessibleName(), label.text());
}

void TestWidgets::emptyStateOffersItsAction() {
    EmptyState empty(QStringLiteral("One run so far"), QStringLiteral("Add a second run to see where they part."));
    empty.resize(400, 200);
    empty.show();
    QVERIFY(!empty.findChild<QPushButton*>()->isVisible());
    // It takes the keys itself, and shows it where they brought the focus.
    QCOMPARE(empty.focusTarget(), &empty);
    const auto edge = [&empty] { return empty.grab().toImage().pixelColor(200, 1); };
    for (const auto& [reason, ringed] : {std::pair(Qt::OtherFocusReason, false), std::pair(Qt::TabFocusReason, true)}) {
        QFocusEvent in(QEvent::FocusIn, reason);
        QApplication::sendEvent(&empty, &in);
        QCOMPARE(edge() == theme().color(Color::AccentText), ringed);
    }
    QFocusEvent out(QEvent::FocusOut);
    QApplication::sendEvent(&empty, &out);
    QVERIFY(edge() != theme().color(Color::AccentText));
    empty.setAction(QStringLiteral("Add run"), QStringLiteral("plus"));
    QVERIFY(empty.findChild<QPushButton*>()->isVisible());
    QCOMPARE(empty.focusTarget(), empty.findChild<QPushButton*>());
    QSignalSpy acted(&empty, &EmptyState::actionTriggered);
    QTest::mouseClick(empty.findChild<QPushButton*>(), Qt::LeftButton);
    QCOMPARE(acted.count(), 1);
}

void TestWidgets::searchFieldShowsItsKeyWhileEmpty() {
    SearchField field(QStringLiteral("Find"), QStringLiteral("Ctrl K"));
    field.resize(260, field.sizeHint().height());
    const QImage with = field.grab().toImage();
    field.setText(QStringLiteral(" "));
    const QImage without = field.grab().toImage();
    const QRect key(200, 0, 55, field.height());
    QVERIFY(with.copy(key) != without.copy(key));
    QCOMPARE(field.sizeHint().height(), 28);
}

void TestWidgets::twinSortsByValueAndMapsBack() {
    QStandardItemModel model(3, 2);
    model.setHorizontalHeaderLabels({QStringLiteral("Layer"), QStringLiteral("Share")});
    const double values[] = {0.5, 12.0, 3.0};
    for (int row = 0; row < 3; ++row) {
        for (int column = 0; column < 2; ++column) {
            auto* item = new QStandardItem(QStringLiteral("%1 %").arg(values[row]));
            item->setData(values[row], Qt::UserRole);
            item->setTextAlignment(Qt::AlignRight | Qt::AlignVCenter);
            model.setItem(row, column, item);
        }
    }
    TableTwin twin(QStringLiteral("Twin"));
    twin.setSource(&model);
    twin.resize(300, 200);
    twin.show();
    QCOMPARE(twin.model()->index(0, 1).data().toString(), QStringLiteral("0.5 %"));
    twin.sortByColumn(1, Qt::DescendingOrder);
    QCOMPARE(twin.model()->index(0, 1).data().toString(), QStringLiteral("12 %"));
    QCOMPARE(twin.model()->index(2, 1).data().toString(), QStringLiteral("0.5 %"));
    QSignalSpy selected(&twin, &TableTwin::sourceRowSelected);
    twin.setCurrentSourceRow(1);
    QCOMPARE(selected.count(), 0);
    QCOMPARE(twin.currentSourceRow(), 1);
    QCOMPARE(twin.currentIndex().row(), 0);
    QTest::keyClick(&twin, Qt::Key_Down);
    QCOMPARE(selected.count(), 1);
    QCOMPARE(selected[0][0].toInt(), 2);
    twin.setCurrentSourceRow(99);
    QCOMPARE(twin.currentSourceRow(), -1);
}

void TestWidgets::twinCopiesTabs() {
    QStandardItemModel model(2, 2);
    model.setHorizontalHeaderLabels({QStringLiteral("Token"), QStringLiteral("n")});
    model.setItem(0, 0, new QStandardItem(QStringLiteral("a\tb\nc")));
    model.setItem(1, 0, new QStandardItem(QStringLiteral("boat")));
    for (int row = 0; row < 2; ++row) {
        auto* item = new QStandardItem(QStringLiteral("1,024"));
        item->setData(1024 + row, Qt::UserRole);
        model.setItem(row, 1, item);
    }
    TableTwin twin(QStringLiteral("Twin"));
    twin.setSource(&model);
    twin.show();
    const QString all = QStringLiteral("Token\tn\na b c\t1024\nboat\t1025\n");
    QCOMPARE(twin.copyText(), all);
    QTest::keyClick(&twin, Qt::Key_C, Qt::ControlModifier);
    QCOMPARE(QApplication::clipboard()->text(), all);
}

void TestWidgets::themeChangeRepaintsAll() {
    SegmentedControl segments(QStringLiteral("Map"), {QStringLiteral("One"), QStringLiteral("Two")});
    segments.resize(segments.sizeHint());
    segments.show();
    QVERIFY(pixelsOf(segments, Theme(Scheme::Light).color(Color::AccentTint)) > 100);
    setTheme(*qApp, Theme(Scheme::Dark));
    QVERIFY(pixelsOf(segments, Theme(Scheme::Dark).color(Color::AccentTint)) > 100);
    QCOMPARE(pixelsOf(segments, Theme(Scheme::Light).color(Color::AccentTint)), 0);
    setTheme(*qApp, Theme(Scheme::Light));
}

void TestWidgets::focusRingByKeyboardOnly() {
    QWidget window;
    auto* column = new QVBoxLayout(&window);
    column->setContentsMargins(20, 20, 20, 20);
    auto* first = new QPushButton(QStringLiteral("One"));
    auto* second = new QPushButton(QStringLiteral("Two"));
    column->addWidget(first);
    column->addWidget(second);
    window.show();
    QApplication::setActiveWindow(&window);
    QVERIFY(QTest::qWaitForWindowActive(&window));
    const QColor ring = theme().color(Color::AccentText);
    QTest::mouseClick(first, Qt::LeftButton);
    QCOMPARE(pixelsOf(window, ring), 0);
    QTest::keyClick(first, Qt::Key_Tab);
    QVERIFY(second->hasFocus());
    const QImage image = window.grab().toImage();
    const QPoint middle = second->geometry().center();
    QCOMPARE(image.pixelColor(middle.x(), second->geometry().top() - 2), ring);
    QCOMPARE(image.pixelColor(middle.x(), second->geometry().top() - 3), ring);
    QVERIFY(image.pixelColor(middle.x(), second->geometry().top() - 1) != ring);
    QVERIFY(image.pixelColor(middle.x(), second->geometry().top() - 4) != ring);
    second->setEnabled(false);
    delete second;
    QTest::mouseClick(first, Qt::LeftButton);
    QCOMPARE(pixelsOf(window, ring), 0);
}

void TestWidgets::buttonsKeepTheirKind() {
    QPushButton primary(QStringLiteral("Send"));
    primary.setProperty("primary", true);
    primary.resize(primary.sizeHint());
    QCOMPARE(primary.sizeHint().height(), 28);
    QVERIFY(pixelsOf(primary, theme().color(Color::Accent)) > 500);
    QPushButton danger(QStringLiteral("Delete"));
    danger.setProperty("danger", true);
    danger.resize(danger.sizeHint());
    QVERIFY(pixelsOf(danger, theme().color(Color::Raised)) > 500);
    primary.setEnabled(false);
    QCOMPARE(pixelsOf(primary, theme().color(Color::Accent)), 0);
}

void TestWidgets::aSwitchThatIsOnIsTinted() {
    QPushButton chip(QStringLiteral("Thinking on"));
    chip.setProperty("chip", true);
    chip.setCheckable(true);
    chip.resize(chip.sizeHint());
    QCOMPARE(pixelsOf(chip, theme().color(Color::AccentTint)), 0);
    chip.setChecked(true);
    QVERIFY(pixelsOf(chip, theme().color(Color::AccentTint)) > 500);
}

void TestWidgets::rowsOfAChoiceHaveRoom() {
    QComboBox choice;
    choice.setFont(theme().font(TextStyle::Small));
    choice.addItems({QStringLiteral("F16"), QStringLiteral("Q8_0")});
    choice.show();
    choice.showPopup();
    QVERIFY(choice.view()->sizeHintForRow(0) >= theme().lineHeight(TextStyle::Small) + 8);
    choice.hidePopup();
}

QTEST_MAIN(TestWidgets)
#include "tst_widgets.moc"
