// SPDX-License-Identifier: Apache-2.0
// Draws the window with sample values into a picture, to be put beside the pictures of the design.
#include "tests/ui/chat/samples.h"
#include "ui/mainwindow/aboutdialog.h"
#include "ui/mainwindow/keyboardhelp.h"
#include "ui/mainwindow/mainwindow.h"
#include "ui/mainwindow/settingsdialog.h"
#include "ui/panels/chatpanel.h"
#include "ui/panels/composer.h"
#include "ui/panels/conversationspanel.h"
#include "ui/panels/expertspanel.h"
#include "ui/panels/kvcachepanel.h"
#include "ui/panels/samplingform.h"
#include "ui/panels/tokenpathpanel.h"
#include "ui/panels/tokenstrippanel.h"

#include <QApplication>
#include <QCommandLineParser>
#include <QLineEdit>
#include <QTest>

#include <cstdio>

using namespace moescope;
using namespace moescope::ui;

namespace {

struct Demo {
    MainWindow window;
    Selection selection;
    TraceModel trace;
    QDialog* dialog = nullptr;

    void firstStart() {
        window.chat()->setModel(samples::nano(), true);
        window.setModel("Nano", "Q6_K", true);
        window.setActivity(Activity::Idle, "Ready, loaded in 0.9 s");
        window.setDevice("llvmpipe", true);
        window.setKv(0, 2 << 20);
        window.setContext(0, 2048);
        window.chat()->setSampling({.temperature = 0.7, .top_k = 0, .top_p = 0.9});
    }

    void chat() {
        firstStart();
        window.chat()->setModel(samples::olmoe(), false);
        window.setModel("OLMoE-1B-7B-Instruct", "Q4_K", false);
        window.conversations()->setConversations(samples::conversations());
        window.conversations()->setDeleted(
            {{30, "Old", QDateTime::currentDateTime().addDays(-3), QDateTime::currentDateTime()},
             {31, "Older", QDateTime::currentDateTime().addDays(-9), QDateTime::currentDateTime()}});
        window.conversations()->setCurrent(1);
        window.chat()->setConversation(1, "How a router picks an expert", samples::answeringChat());
        window.chat()->setSampling({.temperature = 0.7, .top_k = 0, .top_p = 0.9, .seed = 42});
        window.chat()->setDraft("And does the shared expert see every token");
        window.chat()->setTokenCount("And does the shared expert see every token", 8);
        window.chat()->setAnswering(true);
        window.setActivity(Activity::Answering, "Answering");
        window.setSpeed(9.6, 0);
        window.setKv(54'001'664, 512ULL << 20);
        window.setContext(412, 4096);
    }

    void inspect() {
        firstStart();
        window.conversations()->setConversations(samples::conversations());
        window.conversations()->setCurrent(10);
        window.chat()->setConversation(10, "A fox and a boat", samples::finishedStory());
        QList<TokenRange> ranges;
        const QString text = samples::finishedStory().last().text;
        for (int begin = 0; begin < text.size();) {
            const qsizetype end = text.indexOf(' ', begin + 1);
            ranges.append({begin, static_cast<int>(end < 0 ? text.size() : end)});
            begin = ranges.last().end;
        }
        window.chat()->setTokenRanges(2, ranges);
        window.setLayoutName(LayoutName::Inspect);
        window.setSelectionLimits(static_cast<int>(ranges.size()), 8);
        selection.set({2, 48, 5, 6});
        window.chat()->setSelectedToken(48);
        window.setTokenText("boat");
        window.setSpeed(204, 1420);
        window.setKv(617'472, 1 << 20);
        window.setContext(603, 1024);
        window.setActivity(Activity::Idle, "Ready");
    }

    void states() {
        chat();
        window.chat()->setAnswering(false);
        window.chat()->setConversation(1, QString(200, QLatin1Char('W')), samples::states());
        window.conversations()->setConversations(samples::oddConversations());
        window.showUndoToast("“Names for a small boat” was deleted.");
        window.showError(
            "The file “mixture-test.gguf” ends after 2,254,857,830 bytes, but its tensor “blk.7.ffn_up_exps.weight” "
            "needs 2,317,811,712. Download it again.");
    }

    void search() {
        chat();
        auto* field = window.conversations()->findChild<QLineEdit*>();
        field->setText("boat");
        SearchHit hit;
        hit.conversation = 2;
        hit.message = 4;
        hit.title = "Names for a small boat";
        hit.title_hits = {{18, 22}};
        hit.excerpt = "… the boat stopped at a quiet beach, and there the fox …";
        hit.excerpt_hits = {{6, 10}};
        hit.changed = QDateTime::currentDateTime().addDays(-2);
        window.conversations()->setSearchResult("boat", {hit, hit});
        window.chat()->openFind();
    }

    SettingsView settingsView() {
        SettingsView view;
        trace::DeviceInfo software;
        software.name = "llvmpipe (LLVM 15.0.6, 256 bits)";
        software.type = "software";
        software.api_version = "1.3";
        software.memory_bytes = 25'125'558'681;
        software.usable = true;
        trace::DeviceInfo old;
        old.name = "Intel HD Graphics 530";
        old.reason = "its driver offers Vulkan 1.2 and Moescope needs 1.3. A driver of Mesa 22.0 or newer may help.";
        view.devices = {software, old};
        view.data_folder = "/home/someone/.local/share/moescope";
        view.sampling = {.temperature = 0.7, .top_k = 0, .top_p = 0.9};
        return view;
    }
};

} // namespace

int main(int argc, char** argv) {
    QApplication application(argc, argv);
    QCommandLineParser parser;
    parser.addPositionalArgument("scene", "");
    parser.addPositionalArgument("file", "");
    parser.addOptions({{"dark", ""}, {"size", "", "WxH", "1440x900"}, {"scale", "", "factor", "1"}});
    parser.process(application);
    setTheme(application, Theme(parser.isSet("dark") ? Scheme::Dark : Scheme::Light, parser.value("scale").toDouble()));
    Demo demo;
    MainWindow& window = demo.window;
    auto* experts = new ExpertsPanel(&demo.trace, &demo.selection, &window);
    auto* strip = new TokenStripPanel(&demo.trace, &demo.selection, &window);
    auto* path = new TokenPathPanel(&demo.trace, &demo.selection, &window);
    auto* cache = new KvCachePanel(&demo.trace, &demo.selection, &window);
    window.addPanel("experts", experts);
    window.addPanel("token-strip", strip);
    window.addPanel("token-path", path);
    window.addPanel("kv-cache", cache);
    window.setSelection(&demo.selection);
    window.restore({});
    const QStringList size = parser.value("size").split('x');
    window.resize(size[0].toInt(), size[1].toInt());
    window.show();
    const QString scene = parser.positionalArguments().value(0);
    if (scene == "first-start") {
        demo.firstStart();
    } else if (scene == "chat") {
        demo.chat();
    } else if (scene == "inspect") {
        demo.inspect();
    } else if (scene == "states") {
        demo.states();
    } else if (scene == "search") {
        demo.search();
    } else if (scene == "sampling") {
        demo.chat();
        window.chat()->openSampling();
        demo.dialog = nullptr;
    } else if (scene.startsWith("settings")) {
        demo.chat();
        auto* settings = new SettingsDialog(demo.settingsView(), &window);
        settings->setPage(static_cast<SettingsPage>(scene.mid(8).toInt()));
        settings->show();
        demo.dialog = settings;
    } else if (scene == "about") {
        demo.dialog = new AboutDialog(
            "0.1.0", {{"Moescope", "Apache-2.0\n…"}, {"Training text of the built-in model", "…"}}, &window);
        demo.dialog->show();
    } else if (scene == "keyboard") {
        demo.dialog = new KeyboardHelp(&window);
        demo.dialog->show();
    } else {
        std::fprintf(stderr, "Unknown scene.\n");
        return 2;
    }
    window.chat()->focusComposer();
    QTest::qWait(600);
    QWidget* shot = &window;
    if (demo.dialog != nullptr) {
        shot = demo.dialog;
    } else if (scene == "sampling") {
        shot = window.chat()->findChild<SamplingPopover*>();
    }
    const bool saved = shot->grab().save(parser.positionalArguments().value(1));
    std::printf("%d x %d\n", shot->width(), shot->height());
    return saved ? 0 : 1;
}
