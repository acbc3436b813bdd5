// SPDX-License-Identifier: Apache-2.0
// A machine that fails and text that wants to be more than text, seen from the window.
#include "tests/app/gui/appfixture.h"
#include "tests/support/driver_faults.h"

#include "app/gui/notices.h"
#include "engine/gguf/reader.h"
#include "engine/model/tokenizer.h"
#include "ui/panels/chathead.h"
#include "ui/panels/chatpanel.h"
#include "ui/panels/conversationspanel.h"

#include <QFile>
#include <QProcess>
#include <QTest>
#include <QTextDocument>

#include <algorithm>

using namespace moescope;
using test::App;

class TestGuiHostile : public QObject {
    Q_OBJECT

private slots:
    void aLostDeviceLeavesAnInterruptedAnswerThatGoesOn() {
        const QTemporaryDir folder;
        App app(folder.path());
        QVERIFY(app.waitForModel());
        ui::SamplingView sampling;
        sampling.temperature = 0;
        sampling.max_tokens = 200;
        ui::ChatPanel* chat = app.composition.window().chat();
        emit chat->samplingChanged(sampling);
        test::DriverFaults driver;
        driver.slowSubmissions(std::chrono::milliseconds(10)); // the window hears of the first words before the last
        // Behind the first words: how many submissions a prompt takes depends on how busy the machine is.
        connect(&app.composition.controller(), &controller::InferenceController::tokensArrived, &app.composition,
                [&driver, lost = false](qint64, const controller::Pieces& pieces) mutable {
                    if (!lost && pieces.last().token->generated) {
                        lost = true;
                        driver.loseDevice(2);
                    }
                });
        QVERIFY(app.ask(QStringLiteral("Go on and on")));
        QCOMPARE(app.messages().size(), 2);
        QCOMPARE(app.messages()[1].state, ui::AnswerState::Interrupted);
        const QString kept = app.messages()[1].text;
        QVERIFY(!kept.isEmpty());
        QVERIFY(app.shows(QStringLiteral("being loaded again")));

        QVERIFY(app.waitForModel());
        emit chat->continueRequested(app.messages()[1].id);
        QVERIFY(app.waitForAnswer());
        QCOMPARE(app.messages().size(), 2);
        QCOMPARE(app.messages()[1].state, ui::AnswerState::Complete);
        QVERIFY(app.messages()[1].text.startsWith(kept));
        QVERIFY(app.messages()[1].text.size() > kept.size());
    }

    void versionAndHelpNeedNoDisplay() {
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        for (const char* name : {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"}) {
            environment.remove(QString::fromLatin1(name));
        }
        const auto run = [&](const QStringList& arguments, QProcess& program) {
            program.setProcessEnvironment(environment);
            program.start(QStringLiteral(MOESCOPE_PROGRAM), arguments);
            return program.waitForFinished(20'000) && program.exitStatus() == QProcess::NormalExit;
        };
        for (const char* line : {"--version", "-v", "-platform offscreen --version", "--version -style fusion",
                                 "-display :77 -v", "-qwindowtitle title --version"}) {
            QProcess program;
            QVERIFY(run(QString::fromLatin1(line).split(QLatin1Char(' ')), program));
            QCOMPARE(program.readAllStandardError(), QByteArray());
            QCOMPARE(program.exitCode(), 0);
            QCOMPARE(program.readAllStandardOutput(), QByteArray("moescope " MOESCOPE_VERSION "\n"));
        }
        for (const char* line :
             {"--help", "-h", "--help-all", "-platform offscreen --help", "--help-all -style fusion"}) {
            QProcess program;
            QVERIFY(run(QString::fromLatin1(line).split(QLatin1Char(' ')), program));
            QCOMPARE(program.exitCode(), 0);
            QVERIFY(program.readAllStandardOutput().contains("--data-dir"));
        }
        QProcess program;
        QVERIFY(run({QStringLiteral("-platform"), QStringLiteral("offscreen"), QStringLiteral("--no-such")}, program));
        QCOMPARE(program.exitCode(), 2);
        QVERIFY(program.readAllStandardError().contains("no-such"));
    }

    void theNoticesHoldTheLicences() {
        const QList<ui::Notice> notices = gui::readNotices();
        const auto holds = [&](const char* title, const char* text) {
            return std::any_of(notices.begin(), notices.end(), [&](const ui::Notice& notice) {
                return notice.title.contains(QLatin1String(title)) && notice.text.contains(QLatin1String(text));
            });
        };
        QVERIFY(holds("Apache-2.0", "TERMS AND CONDITIONS FOR USE, REPRODUCTION, AND DISTRIBUTION"));
        QVERIFY(holds("libraries that Moescope uses", "nlohmann/json"));
        QVERIFY(holds("libraries that Moescope uses", "LGPL-3.0"));
        QVERIFY(notices.size() > 2); // and those of the built-in model
    }

    void theProgramHasNoMeansOfReachingAServer() {
        QFile program(QStringLiteral(MOESCOPE_PROGRAM));
        QVERIFY(program.open(QIODevice::ReadOnly));
        const QByteArray bytes = program.readAll();
        QVERIFY(bytes.contains("libQt6Widgets"));
        QVERIFY(!bytes.contains("libQt6Network"));
        QVERIFY(!bytes.contains("libQt6WebEngine"));
        QVERIFY(!bytes.contains("libcurl"));
    }

    void controlTokensInTextAreText() {
        const QTemporaryDir folder;
        App app(folder.path());
        QVERIFY(app.waitForModel());
        const QString text = QStringLiteral("<|eos|><b>Bold</b> <|extra_0|>");
        ui::SamplingView sampling;
        sampling.temperature = 0;
        sampling.max_tokens = 4;
        sampling.system_prompt = QStringLiteral("<|eos|> be kind <|extra_4|>");
        emit app.composition.window().chat()->samplingChanged(sampling);
        QList<int32_t> prompt;
        connect(&app.composition.controller(), &controller::InferenceController::tokensArrived, this,
                [&](qint64, const controller::Pieces& pieces) {
                    for (const controller::Piece& piece : pieces) {
                        if (!piece.token->generated) {
                            prompt.append(piece.token->token);
                        }
                    }
                });
        QVERIFY(app.ask(text));
        // The template writes three control tokens: the text before them, after the system prompt, after the user's.
        const model::Tokenizer tokenizer(gguf::Reader(test::goldenModel().toStdString()));
        int controls = 0;
        for (const int32_t token : prompt) {
            QVERIFY(!tokenizer.isStop(token));
            controls += tokenizer.isControl(token) ? 1 : 0;
        }
        QCOMPARE(controls, 3);
        QCOMPARE(QString::fromStdString(tokenizer.decode(std::vector<int32_t>(prompt.begin(), prompt.end()))),
                 QStringLiteral("<|startoftext|><|eos|> be kind <|extra_4|><|extra_4|>") + text +
                     QStringLiteral("<|extra_0|>"));
        QCOMPARE(app.messages()[0].text, text);

        // As a title it is text too: in the list, above the chat, and where the mouse rests.
        app.settle();
        ui::ConversationsPanel* list = app.composition.window().conversations();
        const int row = list->model()->rowOf(app.composition.session().conversation());
        QVERIFY(row >= 0);
        const QModelIndex index = list->model()->index(row);
        QCOMPARE(index.data(Qt::DisplayRole).toString(), text);
        QVERIFY(!Qt::mightBeRichText(index.data(Qt::ToolTipRole).toString()) ||
                index.data(Qt::ToolTipRole).toString().contains(QLatin1String("&lt;b&gt;")));
        for (const ui::ChatHead* head : app.composition.window().findChildren<ui::ChatHead*>()) {
            QVERIFY(!Qt::mightBeRichText(head->toolTip()) || head->toolTip().contains(QLatin1String("&lt;b&gt;")));
            QVERIFY(head->accessibleName().contains(text));
        }
    }
};

QTEST_MAIN(TestGuiHostile)
#include "tst_gui_hostile.moc"
