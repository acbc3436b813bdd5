// SPDX-License-Identifier: Apache-2.0
#include "tests/app/gui/appfixture.h"
#include "ui/panels/chatpanel.h"
#include "ui/panels/composer.h"
#include "ui/panels/composeredit.h"
#include "ui/panels/conversationspanel.h"
#include "ui/panels/modellibrarypanel.h"
#include "ui/panels/samplingform.h"
#include "ui/widgets/contextmeter.h"

#include <QComboBox>
#include <QDir>
#include <QDockWidget>
#include <QDropEvent>
#include <QFile>
#include <QMimeData>
#include <QSignalSpy>
#include <QSpinBox>
#include <QTest>

#include <algorithm>

using namespace moescope;
using controller::InferenceController;
using test::App;
using State = InferenceController::State;

namespace {

constexpr int patience = 60'000; // ms: software Vulkan on a loaded machine

/** Another model than goldenModel() and the built-in one, with a name of its own. */
void makeSecond(const QString& target) {
    std::filesystem::copy_file(std::filesystem::path(MOESCOPE_TEST_DATA) / "second" / "second.gguf",
                               target.toStdString());
}

/** As a file manager does it, onto the field in which text is written. False: it was not taken. */
bool drop(App& app, const QList<QUrl>& urls) {
    QMimeData mime;
    mime.setUrls(urls);
    QWidget* target = app.composition.window().chat()->findChild<ui::ComposerEdit*>()->viewport();
    QDragEnterEvent enter(QPoint(5, 5), Qt::CopyAction | Qt::MoveAction, &mime, Qt::LeftButton, Qt::NoModifier);
    QCoreApplication::sendEvent(target, &enter);
    QDropEvent event(QPointF(5, 5), Qt::CopyAction | Qt::MoveAction, &mime, Qt::LeftButton, Qt::NoModifier);
    QCoreApplication::sendEvent(target, &event);
    return enter.isAccepted() && event.isAccepted() && event.dropAction() == Qt::CopyAction;
}

QList<QUrl> files(const QStringList& paths) {
    QList<QUrl> urls;
    for (const QString& path : paths) {
        urls.append(QUrl::fromLocalFile(path));
    }
    return urls;
}

std::string loadedName(App& app) {
    const auto& loaded = app.composition.controller().loaded();
    return loaded ? loaded->model.name : std::string();
}

bool lists(App& app, const QString& path) {
    return app.composition.window().library()->models()->rowOf(path.toStdString()) >= 0;
}

} // namespace

class TestGuiModels : public QObject {
    Q_OBJECT

private slots:
    void aDroppedModelIsLoadedAndTheConversationStays() {
        const QTemporaryDir folder;
        const QString second = folder.filePath(QStringLiteral("elsewhere.gguf"));
        makeSecond(second);
        App app(folder.filePath(QStringLiteral("data")), QStringLiteral("builtin"));
        QVERIFY(app.waitForModel());
        ui::SamplingView brief; // both answers must fit in the small context
        brief.max_tokens = 8;
        emit app.composition.window().chat()->samplingChanged(brief);
        const std::string first = loadedName(app);
        QVERIFY(!first.empty() && first != "Second");
        QVERIFY(app.ask(QStringLiteral("One")));
        const qint64 conversation = app.composition.session().conversation();

        QVERIFY(drop(app, files({second})));
        QTRY_COMPARE_WITH_TIMEOUT(loadedName(app), std::string("Second"), patience);
        QVERIFY(app.waitForModel());
        QCOMPARE(app.composition.session().conversation(), conversation);
        QCOMPARE(app.messages().size(), 2);
        QVERIFY(app.composition.window().chat()->draft().isEmpty()); // the file's name is no text
        QVERIFY(app.ask(QStringLiteral("Two")));
        QCOMPARE(app.messages().size(), 4);
        QCOMPARE(app.messages()[1].model.toStdString(), first);
        QCOMPARE(app.messages()[3].model, QStringLiteral("Second"));
        QVERIFY2(app.messages()[1].parameters.contains(QStringLiteral("active")),
                 qPrintable(app.messages()[1].parameters));
        const ui::TraceModel& traces = app.composition.traces();
        QVERIFY(traces.tokenCount() > 0);
        const trace::RouterTrace* router = traces.router(traces.tokenCount() - 1);
        QVERIFY(router != nullptr);
        QCOMPARE(router->expert_used_count, uint32_t(2));
        QCOMPARE(router->experts.size(), size_t(4 * 2)); // all its layers
        QVERIFY(QFile::exists(second));

        // It is in the list, and leaves it without its file.
        QTRY_VERIFY_WITH_TIMEOUT(lists(app, second), patience);
        const int row = app.composition.window().library()->models()->rowOf(second.toStdString());
        QVERIFY(app.composition.window().library()->models()->isLoaded(row));
        emit app.composition.window().library()->removeFileRequested(second.toUtf8());
        QTRY_VERIFY_WITH_TIMEOUT(!lists(app, second), patience);
        QVERIFY(QFile::exists(second));
    }

    void anotherModelHoldsNothingOfTheConversation() {
        const QTemporaryDir folder;
        const QString second = folder.filePath(QStringLiteral("elsewhere.gguf"));
        makeSecond(second);
        App app(folder.filePath(QStringLiteral("data")));
        QVERIFY(app.waitForModel());
        ui::SamplingView brief = app.composition.session().samplingDefaults();
        const double top_p = brief.top_p;
        brief.max_tokens = 6;
        emit app.composition.window().chat()->samplingChanged(brief);
        QVERIFY(app.ask(QStringLiteral("One")));
        const ui::ContextMeter* meter = app.composition.window().findChild<ui::ContextMeter*>();
        const auto used = [meter] { return meter->used(); };
        const int first = used();
        QVERIFY(first > 6);

        QVERIFY(drop(app, files({second})));
        QTRY_COMPARE_WITH_TIMEOUT(loadedName(app), std::string("Second"), patience);
        QVERIFY(app.waitForModel());
        app.settle();
        QCOMPARE(used(), -1); // its tokens are others: not counted
        // What nobody set is as the model wants it, what was set stays.
        const ui::SamplingView now = app.composition.session().sampling();
        QCOMPARE(now.max_tokens, 6);
        QCOMPARE(now.top_p, app.composition.session().samplingOfModel().top_p);
        QVERIFY(now.top_p != top_p);
        QVERIFY(app.ask(QStringLiteral("Two")));
        const int both = used();
        QVERIFY(both > 12);

        // An older answer of another model in view changes nothing of it.
        emit app.composition.window().chat()->expertsRequested(app.messages()[1].id);
        QCOMPARE(app.composition.traces().current(), app.messages()[1].id);
        QCOMPARE(used(), both);
        // A click on a word brings its answer into view.
        const QString text = app.messages()[3].text;
        emit app.composition.window().chat()->offsetClicked(app.messages()[3].id, static_cast<int>(text.size()) - 1);
        QCOMPARE(app.composition.traces().current(), app.messages()[3].id);
        QVERIFY(app.composition.selection().state().token > 0);

        app.composition.window().library()->load(test::goldenModel().toStdString());
        QTRY_VERIFY_WITH_TIMEOUT(loadedName(app) != "Second", patience);
        QVERIFY(app.waitForModel());
        QCOMPARE(used(), -1);
    }

    void oneFieldOfThePopoverChoosesOneSetting() {
        const QTemporaryDir folder;
        App app(folder.path());
        QVERIFY(app.waitForModel());
        auto* popover = app.composition.window().chat()->findChild<ui::SamplingPopover*>();
        QSpinBox* topK = nullptr;
        for (QSpinBox* box : popover->findChildren<QSpinBox*>()) {
            topK = box->accessibleName() == QStringLiteral("Top-k") ? box : topK;
        }
        QVERIFY(topK != nullptr);
        topK->setValue(7);
        QVERIFY(app.ask(QStringLiteral("One")));
        const qint64 id = app.composition.session().conversation();
        QStringList chosen;
        app.composition.store().run(
            this, [id](store::Store& store) { return store.conversation(id).sampling.keys(); },
            [&chosen](const QStringList& keys) { chosen = keys; });
        QTRY_COMPARE(chosen, QStringList({"thinking", "top_k"}));
    }

    void aConvertedModelIsShownAndNotLoaded() {
        const QTemporaryDir folder;
        App app(folder.filePath(QStringLiteral("data")));
        QVERIFY(app.waitForModel());
        const std::string before = app.composition.controller().loaded()->model.path;
        const QString target = folder.filePath(QStringLiteral("made.gguf"));
        app.composition.shelf().convert(QString::fromStdString(std::string(MOESCOPE_TEST_DATA) + "/golden/large_like"),
                                        target, QStringLiteral("q6_k"));
        QTRY_VERIFY_WITH_TIMEOUT(app.shows(QStringLiteral("was written")), patience);
        QVERIFY(app.shows(QStringLiteral("the blocks of Q6_K"))); // its rows are no multiples of 256
        QTRY_VERIFY_WITH_TIMEOUT(lists(app, target), patience);
        QTest::qWait(100);
        QCOMPARE(app.composition.controller().state(), State::Ready);
        QCOMPARE(app.composition.controller().loaded()->model.path, before);
        QVERIFY(!app.composition.window().areModelsShown()); // nobody is led away from a chat
    }

    void theChosenTypeOfTheCacheIsLoaded() {
        const QTemporaryDir folder;
        App app(folder.path());
        QVERIFY(app.waitForModel());
        ui::ModelLibraryPanel* library = app.composition.window().library();
        const auto row = [library] {
            int at = library->models()->rowCount() - 1;
            while (at >= 0 && !library->models()->at(at).built_in) {
                --at;
            }
            return at;
        };
        QTRY_VERIFY_WITH_TIMEOUT(row() >= 0, patience);
        for (const trace::KvType kv : {trace::KvType::Q8_0, trace::KvType::F32, trace::KvType::F16}) {
            ui::LoadWish wish;
            wish.built_in = true;
            wish.context = 256;
            wish.kv = kv;
            emit library->loadRequested(wish);
            QVERIFY(app.waitForModel());
            const trace::MemoryInfo& memory = app.composition.controller().loaded()->memory;
            QCOMPARE(memory.kv_type, std::string(trace::kvTypeName(kv)));
            QCOMPARE(memory.kv_bytes_per_token, library->models()->at(row()).card.needs->kvPerToken(kv)); // as planned
        }
    }

    void theModelOfLastTimeComesBack() {
        const QTemporaryDir folder;
        const QString data = folder.filePath(QStringLiteral("data"));
        const QString second = folder.filePath(QStringLiteral("elsewhere.gguf"));
        makeSecond(second);
        const auto start = [&](const QString& model) { return std::make_unique<App>(data, model); };
        {
            const auto app = start({});
            QVERIFY(app->waitForModel());
            QVERIFY(loadedName(*app) != "Second"); // the built-in one
            ui::LoadWish wish;
            wish.path = second.toStdString();
            wish.context = 40;
            wish.kv = trace::KvType::Q8_0;
            emit app->composition.window().library()->loadRequested(wish);
            QVERIFY(app->waitForModel());
            app->settle();
        }
        const auto isBack = [&] {
            const auto app = start({});
            if (!app->waitForModel()) {
                return false;
            }
            const controller::Loaded& loaded = *app->composition.controller().loaded();
            const auto choices = app->composition.window().library()->findChildren<QComboBox*>();
            const bool shown = std::any_of(choices.begin(), choices.end(), [](const QComboBox* choice) {
                return choice->currentText() == QStringLiteral("Q8_0");
            });
            return loaded.model.name == "Second" && loaded.memory.context == 40 && loaded.memory.kv_type == "q8_0" &&
                   shown && !app->shows(QStringLiteral("last time"));
        };
        QVERIFY(isBack());
        {
            const auto named = start(QStringLiteral("builtin")); // for this once
            QVERIFY(named->waitForModel());
            QVERIFY(loadedName(*named) != "Second");
            named->settle();
        }
        QVERIFY(isBack());
        for (const bool gone : {true, false}) {
            const QString aside = second + QStringLiteral(".aside");
            QVERIFY(QFile::rename(second, aside));
            if (!gone) {
                QFile spoilt(second);
                QVERIFY(spoilt.open(QIODevice::WriteOnly));
                spoilt.write("GGUF no more");
            }
            {
                const auto app = start({});
                QTRY_VERIFY_WITH_TIMEOUT(
                    app->shows(QStringLiteral("So last time’s model was not loaded and the built-in one answers.")),
                    patience);
                QVERIFY(app->waitForModel());
                QVERIFY(loadedName(*app) != "Second");
                QVERIFY(app->shows(QStringLiteral("elsewhere.gguf")));
                QVERIFY(app->ask(QStringLiteral("Hello")));
                QVERIFY(app->shows(QStringLiteral("last time’s model"))); // until it is closed
            }
            QFile::remove(second);
            QVERIFY(QFile::rename(aside, second));
            QVERIFY(isBack()); // it was not forgotten
        }
    }

    void aFileNamedAtTheStartThatFailsIsNotReplaced() {
        const QTemporaryDir folder;
        App app(folder.path(), folder.filePath(QStringLiteral("none.gguf")));
        QTRY_VERIFY_WITH_TIMEOUT(app.shows(QStringLiteral("none.gguf")), patience);
        QCOMPARE(app.composition.controller().state(), State::Empty);
        QVERIFY(!app.shows(QStringLiteral("built-in one is used")));
    }

    void aDroppedFolderIsWatchedFromThenOn() {
        const QTemporaryDir folder;
        const QString models = folder.filePath(QStringLiteral("models and more"));
        QVERIFY(QDir().mkpath(models + QStringLiteral("/below")));
        {
            App app(folder.filePath(QStringLiteral("data")));
            QVERIFY(app.waitForModel());
            QVERIFY(drop(app, files({models})));
            QTRY_VERIFY_WITH_TIMEOUT(app.composition.window().areModelsShown(), patience);
            makeSecond(models + QStringLiteral("/below/second.gguf"));
            QTRY_VERIFY_WITH_TIMEOUT(lists(app, models + QStringLiteral("/below/second.gguf")), patience);
            QVERIFY(drop(app, files({models}))); // again: nothing happens twice
            app.settle();
        }
        App app(folder.filePath(QStringLiteral("data")));
        QTRY_VERIFY_WITH_TIMEOUT(lists(app, models + QStringLiteral("/below/second.gguf")), patience);
        emit app.composition.window().library()->removeFolderRequested(models);
        QTRY_VERIFY_WITH_TIMEOUT(!lists(app, models + QStringLiteral("/below/second.gguf")), patience);
        QVERIFY(QFile::exists(models + QStringLiteral("/below/second.gguf")));
    }

    void hostileDropsGiveASentence() {
        const QTemporaryDir folder;
        const QString text = folder.filePath(QStringLiteral("notes.txt"));
        QFile file(text);
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write("a text\n");
        file.close();
        App app(folder.filePath(QStringLiteral("data")));
        QVERIFY(app.waitForModel());
        const std::string before = loadedName(app);
        drop(app, {QUrl(QStringLiteral("https://example.org/model.gguf"))});
        QTRY_VERIFY(app.shows(QStringLiteral("is not a file on this machine")));
        drop(app, files({folder.filePath(QStringLiteral("gone.gguf"))}));
        QTRY_VERIFY(app.shows(QStringLiteral("is not there, or cannot be reached")));
        drop(app, files({text})); // no model, but it can go along with a message
        QTRY_COMPARE(app.composition.window().chat()->composer()->documents().size(), 1);
        QStringList many;
        for (int i = 0; i < 10'000; ++i) {
            many.append(folder.filePath(QStringLiteral("m%1.gguf").arg(i)));
        }
        drop(app, files(many));
        QTRY_VERIFY(app.shows(QStringLiteral("10,000 files were dropped at once")));
        QVERIFY(QDir(folder.path()).mkdir(QStringLiteral("loop")));
        QVERIFY(QFile::link(folder.filePath(QStringLiteral("loop")), folder.filePath(QStringLiteral("loop/loop"))));
        drop(app, files({folder.filePath(QStringLiteral("loop"))}));
        QTRY_VERIFY_WITH_TIMEOUT(app.composition.window().areModelsShown(), patience);
        QCOMPARE(loadedName(app), before);
        QVERIFY(app.composition.window().chat()->draft().isEmpty());
    }

    void aModelIsUnloadedAndLoadedFromTheList() {
        const QTemporaryDir folder;
        App app(folder.path());
        QVERIFY(app.waitForModel());
        ui::ModelLibraryPanel* library = app.composition.window().library();
        const std::string path = test::goldenModel().toStdString();
        QTRY_VERIFY_WITH_TIMEOUT(library->models()->rowOf(path) >= 0, patience);
        QTRY_VERIFY_WITH_TIMEOUT(library->models()->isLoaded(library->models()->rowOf(path)), patience);
        emit app.composition.window().unloadModelRequested();
        QCOMPARE(app.composition.controller().state(), State::Empty);
        QVERIFY(!library->models()->isLoaded(library->models()->rowOf(path)));
        app.settle();
        QVERIFY(app.composition.window().findChild<ui::ContextMeter*>()->isHidden());
        QCOMPARE(app.composition.window().findChild<ui::ComposerEdit*>()->hint(), QStringLiteral("Write a message"));
        app.composition.session().send(QStringLiteral("not now"));
        app.settle();
        QVERIFY(app.messages().isEmpty());

        library->load(path);
        QCOMPARE(app.composition.controller().state(), State::Loading);
        QVERIFY(library->models()->isLoading(library->models()->rowOf(path)));
        emit library->stopRequested();
        QCOMPARE(app.composition.controller().state(), State::Empty);
        QTest::qWait(300);
        QCOMPARE(app.composition.controller().state(), State::Empty); // what the load still tells is not heard

        library->load(path);
        QVERIFY(app.waitForModel());
        QVERIFY(app.ask(QStringLiteral("Hello")));
        QCOMPARE(app.messages().size(), 2);
    }

    void thePageTakesTheWindowAndGivesItBack() {
        const QTemporaryDir folder;
        App app(folder.path());
        QVERIFY(app.waitForModel());
        ui::MainWindow& window = app.composition.window();
        window.setLayoutName(ui::LayoutName::Inspect);
        const auto shownDocks = [&window] {
            QStringList shown;
            for (const QDockWidget* dock : window.findChildren<QDockWidget*>(QString(), Qt::FindDirectChildrenOnly)) {
                if (!dock->isHidden()) {
                    shown.append(dock->objectName());
                }
            }
            shown.sort();
            return shown;
        };
        const QStringList before = shownDocks();
        QVERIFY(before.size() > 1);
        QTest::keyClick(&window, Qt::Key_M, Qt::ControlModifier);
        QVERIFY(window.areModelsShown());
        QVERIFY(shownDocks().isEmpty());
        QVERIFY(window.windowTitle().startsWith(QLatin1String("Models")));
        window.resize(window.width() - 200, window.height());
        QVERIFY(shownDocks().isEmpty());
        QVERIFY(window.state().inspect.isEmpty()); // the default is not replaced by a window without docks
        QTest::keyClick(&window, Qt::Key_Escape);
        QVERIFY(!window.areModelsShown());
        QCOMPARE(shownDocks(), before);
        window.setModelsShown(true);
        window.setLayoutName(ui::LayoutName::Inspect); // the same one again leads back
        QVERIFY(!window.areModelsShown());
    }
};

QTEST_MAIN(TestGuiModels)
#include "tst_gui_models.moc"
