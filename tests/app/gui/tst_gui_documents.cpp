// SPDX-License-Identifier: Apache-2.0
// Documents beside a message: what is taken, what is refused, and that the model reads what was added.
#include "tests/app/gui/appfixture.h"

#include "app/gui/documentreader.h"
#include "engine/gguf/reader.h"
#include "engine/model/tokenizer.h"
#include "ui/panels/chatpanel.h"
#include "ui/panels/composer.h"
#include "ui/panels/composeredit.h"
#include "ui/panels/documentchip.h"
#include "ui/panels/transcript.h"
#include "ui/panels/usermessage.h"

#include <QApplication>
#include <QClipboard>
#include <QDropEvent>
#include <QFile>
#include <QMimeData>
#include <QTest>

#ifndef _WIN32
#include <sys/stat.h>
#endif

using namespace moescope;
using test::App;

namespace {

constexpr int patience = 60'000; // ms

QString write(const QTemporaryDir& folder, const QString& name, const QByteArray& bytes) {
    QFile file(folder.filePath(name));
    if (!file.open(QIODevice::WriteOnly) || file.write(bytes) != bytes.size()) {
        qFatal("cannot write %s", qPrintable(name));
    }
    return file.fileName();
}

bool drop(App& app, const QStringList& paths) {
    QMimeData mime;
    QList<QUrl> urls;
    for (const QString& path : paths) {
        urls.append(QUrl::fromLocalFile(path));
    }
    mime.setUrls(urls);
    QWidget* target = app.composition.window().chat()->findChild<ui::ComposerEdit*>()->viewport();
    QDragEnterEvent enter(QPoint(5, 5), Qt::CopyAction, &mime, Qt::LeftButton, Qt::NoModifier);
    QCoreApplication::sendEvent(target, &enter);
    QDropEvent event(QPointF(5, 5), Qt::CopyAction, &mime, Qt::LeftButton, Qt::NoModifier);
    QCoreApplication::sendEvent(target, &event);
    return event.isAccepted();
}

const QList<ui::DocumentView>& chips(App& app) { return app.composition.window().chat()->composer()->documents(); }

bool allCounted(App& app) {
    return QTest::qWaitFor(
        [&] {
            return std::all_of(chips(app).begin(), chips(app).end(),
                               [](const auto& chip) { return chip.state == ui::DocumentView::State::Ready; });
        },
        patience);
}

std::string refusalOf(const QString& path, QString* sentence = nullptr) {
    try {
        gui::readDocument(path);
    } catch (const trace::Error& error) {
        if (sentence != nullptr) {
            *sentence = gui::sentence(error);
        }
        return error.id();
    }
    return {};
}

void answerBriefly(App& app) {
    ui::SamplingView sampling = app.composition.session().sampling();
    sampling.max_tokens = 6;
    emit app.composition.window().chat()->samplingChanged(sampling);
}

ui::DocumentChip* chipWidget(App& app) {
    return app.composition.window().chat()->composer()->findChild<ui::DocumentChip*>();
}

} // namespace

class TestGuiDocuments : public QObject {
    Q_OBJECT
private slots:
    void bytesSayWhatAFileIs_data() {
        QTest::addColumn<QByteArray>("bytes");
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("refusal");
        const auto row = [](const char* name, const QByteArray& bytes, const QString& text, const char* refusal = "") {
            QTest::newRow(name) << bytes << text << QString::fromLatin1(refusal);
        };
        row("UTF-8", "na\xC3\xAFve\n", QStringLiteral("naïve\n"));
        row("UTF-8 with a mark", "\xEF\xBB\xBFone", QStringLiteral("one"));
        row("UTF-16, little", QByteArray("\xFF\xFEo\0n\0", 6), QStringLiteral("on"));
        row("UTF-16, big", QByteArray("\xFE\xFF\0o\0n", 6), QStringLiteral("on"));
        row("lines of other systems", "a\r\nb\rc\n", QStringLiteral("a\nb\nc\n"));
        row("colours of a terminal", "\x1B[1mbold\x1B[0m", QStringLiteral("\x1B[1mbold\x1B[0m"));
        row("one huge line", QByteArray(3'000'000, 'x'), QString(3'000'000, QLatin1Char('x')));
        row("nothing", "", {}, "document.empty");
        row("blanks", " \n\t\n", {}, "document.empty");
        row("a mark alone", "\xEF\xBB\xBF", {}, "document.empty");
        row("NUL", QByteArray("a\0b", 3), {}, "document.binary");
        row("control characters", "a\x01\x02", {}, "document.binary");
        row("NUL in UTF-16", QByteArray("\xFF\xFE\0\0a\0", 6), {}, "document.binary");
        row("Latin-1", "na\xEFve", {}, "document.encoding");
        row("cut in a character", "ab\xC3", {}, "document.encoding");
        row("half a pair in UTF-16",
            QByteArray("\xFF\xFE\x00\xD8"
                       "a\0",
                       6),
            {}, "document.encoding");
        row("a model", QByteArray("GGUF\3\0\0\0", 8), {}, "document.model");
        row("PNG", QByteArray("\x89PNG\r\n\x1A\n\0\0", 10), {}, "document.binary");
    }

    void bytesSayWhatAFileIs() {
        QFETCH(const QByteArray, bytes);
        QFETCH(const QString, text);
        QFETCH(const QString, refusal);
        const QTemporaryDir folder;
        // The ending says nothing.
        for (const QString& name : {QStringLiteral("notes.txt"), QStringLiteral("photo.png")}) {
            const QString path = write(folder, name, bytes);
            QString sentence;
            QCOMPARE(QString::fromStdString(refusalOf(path, &sentence)), refusal);
            if (refusal.isEmpty()) {
                QVERIFY(gui::readDocument(path).text == text);
                QCOMPARE(gui::readDocument(path).name, name);
            } else {
                QVERIFY2(sentence.contains(name) && sentence.endsWith(QLatin1Char('.')), qPrintable(sentence));
            }
        }
    }

    void whatIsNoFileIsNotRead() {
        const QTemporaryDir folder;
        QCOMPARE(refusalOf(folder.filePath(QStringLiteral("gone.txt"))), std::string("document.missing"));
        QCOMPARE(refusalOf(folder.path()), std::string("document.folder"));
        QFile large(folder.filePath(QStringLiteral("large.txt")));
        QVERIFY(large.open(QIODevice::WriteOnly));
        QVERIFY(large.resize(gui::kMostDocumentBytes + 1)); // no byte of it is on the disk
        QString sentence;
        QCOMPARE(refusalOf(large.fileName(), &sentence), std::string("document.bytes"));
        QVERIFY2(sentence.contains(QStringLiteral("32.0 MiB")), qPrintable(sentence));
#ifndef _WIN32
        QCOMPARE(refusalOf(QStringLiteral("/dev/zero")), std::string("document.special"));
        QCOMPARE(refusalOf(QStringLiteral("/dev/null")), std::string("document.special"));
        const QString pipe = folder.filePath(QStringLiteral("pipe.txt"));
        QCOMPARE(mkfifo(pipe.toLocal8Bit().constData(), 0600), 0);
        QCOMPARE(refusalOf(pipe), std::string("document.special"));
#endif
    }

    void aPdfIsReadOrRefusedAsTheBuildCan() {
        const QTemporaryDir folder;
        const QString pdf = write(folder, QStringLiteral("birds.txt"), R"(%PDF-1.4
1 0 obj << /Type /Catalog /Pages 2 0 R >> endobj
2 0 obj << /Type /Pages /Kids [3 0 R] /Count 1 >> endobj
3 0 obj << /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R
  /Resources << /Font << /F1 5 0 R >> >> >> endobj
4 0 obj << /Length 46 >> stream
BT /F1 12 Tf 72 700 Td (The heron waits.) Tj ET
endstream endobj
5 0 obj << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> endobj
trailer << /Root 1 0 R >>
)");
        const QString damaged = write(folder, QStringLiteral("b.pdf"), "%PDF-1.7\nx");
        if (gui::readsPdf()) {
            QVERIFY(gui::readDocument(pdf).text.contains(QStringLiteral("The heron waits.")));
            QCOMPARE(refusalOf(damaged), std::string("document.pdf_damaged"));
        } else {
            QCOMPARE(refusalOf(pdf), std::string("document.pdf"));
            QCOMPARE(refusalOf(damaged), std::string("document.pdf"));
        }
    }

    void aNameIsOneHarmlessLine() {
        const QTemporaryDir folder;
        const QString path = write(folder, QStringLiteral("<b>in\u202Evoice\n2.txt"), "text");
        const QString name = gui::readDocument(path).name;
        QVERIFY(!name.contains(QChar(0x202E)) && !name.contains(QLatin1Char('\n')));
        QVERIFY(name.contains(QStringLiteral("<b>"))); // shown as it is, never as markup
        ui::DocumentChip chip({1, name, QStringLiteral("text"), ui::DocumentView::State::Ready, 1}, true);
        QVERIFY(!chip.toolTip().contains(QStringLiteral("<b>")));
    }

    void aDroppedTextIsSentBeforeTheWords() {
        const QTemporaryDir folder;
        const QByteArray text = "The heron stands in the reeds.\n";
        App app(folder.filePath(QStringLiteral("data")));
        QVERIFY(app.waitForModel());
        answerBriefly(app);
        QVERIFY(drop(app, {write(folder, QStringLiteral("heron.md"), text)}));
        QTRY_COMPARE(chips(app).size(), 1);
        QVERIFY(allCounted(app));
        const gguf::Reader file(std::filesystem::path(test::goldenModel().toStdString()));
        const int tokens = int(model::Tokenizer(file).encode(text.toStdString(), false).size());
        QCOMPARE(chips(app)[0].tokens, tokens);
        QVERIFY(chipWidget(app)->isVisible());
        QVERIFY2(chipWidget(app)->accessibleName().contains(QString::number(tokens)),
                 qPrintable(chipWidget(app)->accessibleName()));

        QVERIFY(app.ask(QStringLiteral("What?")));
        QVERIFY(chips(app).isEmpty());
        QCOMPARE(app.messages().size(), 2);
        const ui::MessageView prompt = app.messages().first();
        QCOMPARE(prompt.text, QStringLiteral("What?"));
        QCOMPARE(prompt.documents.size(), 1);
        QCOMPARE(prompt.documents[0].tokens, tokens);
        QCOMPARE(prompt.sent, QStringLiteral("heron.md:\n```\nThe heron stands in the reeds.\n```\n\nWhat?"));
        QCOMPARE(app.composition.session().branch().first().text, prompt.sent);
        // What went through the model is that text.
        std::string read;
        app.composition.store().run(
            &app.composition, [id = app.messages().last().id](store::Store& store) { return store.traces(id).tokens; },
            [&](const store::TokenTraces& traces) {
                for (const auto& token : traces) {
                    read += token->generated ? std::string() : token->text;
                }
            });
        app.settle();
        QVERIFY2(QString::fromStdString(read).contains(prompt.sent), read.c_str());

        // A copy of the message has it, and so has the search.
        auto* widget =
            qobject_cast<ui::UserMessage*>(app.composition.window().chat()->transcript()->widgetOf(prompt.id));
        QVERIFY(widget != nullptr);
        emit widget->copyRequested();
        QCOMPARE(QApplication::clipboard()->text(), prompt.sent);
        qsizetype hits = 0;
        app.composition.store().run(
            &app.composition,
            [](store::Store& store) { return store.search(QStringLiteral("heron stands")).hits.size(); },
            [&](qsizetype found) { hits = found; });
        app.settle();
        QCOMPARE(hits, qsizetype(1));

        // Another answer is given the same prompt; an edit begins with the chip, and can go without.
        app.composition.session().regenerate(app.messages().last().id);
        QVERIFY(app.waitForAnswer());
        QCOMPARE(app.messages().first().sent, prompt.sent);
        app.composition.window().chat()->editLast();
        QCOMPARE(chips(app).size(), 1);
        QCOMPARE(app.composition.window().chat()->composer()->text(), QStringLiteral("What?"));
        QVERIFY(app.ask(QStringLiteral("Why?")));
        QCOMPARE(app.messages().first().documents.size(), 1);
        QCOMPARE(app.messages().first().versions, 2);
        app.composition.window().chat()->editLast();
        emit app.composition.window().chat()->composer()->documentRemoved(chips(app)[0].id);
        QVERIFY(chips(app).isEmpty());
        QVERIFY(app.ask(QStringLiteral("How?")));
        QVERIFY(app.messages().first().documents.isEmpty());
        QCOMPARE(app.messages().first().versions, 3);
    }

    void chipsCanBeReachedAndRemovedByKeys() {
        const QTemporaryDir folder;
        App app(folder.filePath(QStringLiteral("data")));
        QVERIFY(app.waitForModel());
        QVERIFY(drop(app, {write(folder, QStringLiteral("a.txt"), "a"), write(folder, QStringLiteral("b.txt"), "b")}));
        QTRY_COMPARE(chips(app).size(), 2);
        QVERIFY(allCounted(app));
        app.composition.window().chat()->focusComposer();
        QTest::keyClick(QApplication::focusWidget(), Qt::Key_Tab);
        auto* focused = qobject_cast<ui::DocumentChip*>(QApplication::focusWidget());
        QVERIFY(focused != nullptr);
        QCOMPARE(focused->document().name, QStringLiteral("a.txt"));
        QTest::keyClick(focused, Qt::Key_Delete);
        QCOMPARE(chips(app).size(), 1);
        QCOMPARE(chips(app)[0].name, QStringLiteral("b.txt"));
        QVERIFY(QApplication::focusWidget() != nullptr); // it went back to the text
    }

    void draftsKeepTheirDocuments() {
        const QTemporaryDir folder;
        const QString data = folder.filePath(QStringLiteral("data"));
        qint64 chat = 0;
        {
            App app(data);
            QVERIFY(app.waitForModel());
            answerBriefly(app);
            QVERIFY(app.ask(QStringLiteral("One")));
            chat = app.composition.session().conversation();
            QVERIFY(drop(app, {write(folder, QStringLiteral("a.txt"), "alpha")}));
            QTRY_COMPARE(chips(app).size(), 1);
            QVERIFY(allCounted(app));
            app.composition.session().startNew();
            QVERIFY(chips(app).isEmpty());
            QVERIFY(drop(
                app, {write(folder, QStringLiteral("b.txt"), "beta"), write(folder, QStringLiteral("c.txt"), "c")}));
            QTRY_COMPARE(chips(app).size(), 2);
            QVERIFY(allCounted(app));
            app.settle();
        }
        App app(data);
        QVERIFY(app.waitForModel());
        app.settle();
        app.composition.session().startNew();
        QCOMPARE(chips(app).size(), 2);
        QCOMPARE(chips(app)[0].text, QStringLiteral("beta"));
        app.composition.session().open(chat);
        QTRY_COMPARE(chips(app).size(), 1);
        QVERIFY(allCounted(app));
        QCOMPARE(chips(app)[0].text, QStringLiteral("alpha"));
        QVERIFY(chips(app)[0].tokens > 0);
    }

    void anotherModelCountsAnew() {
        const QTemporaryDir folder;
        const QString second = folder.filePath(QStringLiteral("second.gguf"));
        QVERIFY(QFile::copy(QStringLiteral(MOESCOPE_TEST_DATA "/second/second.gguf"), second));
        App app(folder.filePath(QStringLiteral("data")));
        QVERIFY(app.waitForModel());
        const QByteArray text = "The heron stands in the reeds, and nobody sees it.";
        QVERIFY(drop(app, {write(folder, QStringLiteral("a.txt"), text)}));
        QTRY_COMPARE(chips(app).size(), 1);
        QVERIFY(allCounted(app));
        QVERIFY(drop(app, {second}));
        QTRY_VERIFY_WITH_TIMEOUT(app.composition.controller().loaded() &&
                                     app.composition.controller().loaded()->model.name == "Second",
                                 patience);
        QVERIFY(allCounted(app));
        const gguf::Reader file(std::filesystem::path(second.toStdString()));
        QCOMPARE(chips(app)[0].tokens, int(model::Tokenizer(file).encode(text.toStdString(), false).size()));
    }

    void fiveMegabytesAreRefusedWithWhatWouldFit() {
        const QTemporaryDir folder;
        QByteArray text;
        while (text.size() < 5 << 20) {
            text += "The heron stands in the reeds, and nobody sees it but the fox.\n";
        }
        App app(folder.filePath(QStringLiteral("data")));
        QVERIFY(app.waitForModel());
        QVERIFY(drop(app, {write(folder, QStringLiteral("notes.txt"), text)}));
        QTRY_COMPARE(chips(app).size(), 1);
        QTRY_COMPARE_WITH_TIMEOUT(chips(app).size(), 0, 4 * patience);
        const gguf::Reader file(std::filesystem::path(test::goldenModel().toStdString()));
        const auto tokens = qint64(model::Tokenizer(file).encode(text.toStdString(), false).size());
        QVERIFY(app.shows(QStringLiteral("notes.txt")));
        QVERIFY(app.shows(ui::groupedText(tokens) + QStringLiteral(" tokens")));
        QVERIFY(app.shows(QStringLiteral("at most 256 at once, of which 256 are free")));
        QVERIFY(app.shows(QStringLiteral("of its ") + ui::groupedText(text.size()) + QStringLiteral(" characters")));
    }

    void refusedFilesLeaveNoChip() {
        const QTemporaryDir folder;
        App app(folder.filePath(QStringLiteral("data")));
        QVERIFY(app.waitForModel());
        QVERIFY(drop(app, {write(folder, QStringLiteral("bytes.bin"), QByteArray("a\0b", 3))}));
        QTRY_VERIFY(app.shows(QStringLiteral("“bytes.bin” holds binary data")));
        QVERIFY(chips(app).isEmpty());
#ifndef _WIN32
        const QString pipe = folder.filePath(QStringLiteral("pipe"));
        QCOMPARE(mkfifo(pipe.toLocal8Bit().constData(), 0600), 0);
        QVERIFY(drop(app, {pipe}));
        QTRY_VERIFY(app.shows(QStringLiteral("“pipe” is a device or a pipe")));
        QVERIFY(chips(app).isEmpty());
#endif
        QStringList many;
        for (int i = 0; i < 25; ++i) {
            many.append(write(folder, QStringLiteral("n%1.txt").arg(i), "n"));
        }
        QVERIFY(drop(app, many));
        QVERIFY(allCounted(app));
        QCOMPARE(chips(app).size(), 20);
        QVERIFY(app.shows(QStringLiteral("a message can have 20 documents")));
    }
};

QTEST_MAIN(TestGuiDocuments)
#include "tst_gui_documents.moc"
