// SPDX-License-Identifier: Apache-2.0
// Shows the routing panels with made-up but fixed traces, or saves pictures of them:
//   ui_panels_demo [--dark] [--scale 1.5] [--shots FOLDER]
#include "tests/ui/models/attentionsample.h"
#include "tests/ui/models/sampleledger.h"
#include "tests/ui/models/synthetictimeline.h"
#include "tests/ui/models/synthetictrace.h"
#include "ui/panels/attentionpanel.h"
#include "ui/panels/capacitypanel.h"
#include "ui/panels/cardpanel.h"
#include "ui/panels/chatpanel.h"
#include "ui/panels/expertspanel.h"
#include "ui/panels/kvcachepanel.h"
#include "ui/panels/ledgerpanel.h"
#include "ui/panels/loadbalancepanel.h"
#include "ui/panels/matrixpanels.h"
#include "ui/panels/probabilitiespanel.h"
#include "ui/panels/ribbonpanel.h"
#include "ui/panels/routerpanel.h"
#include "ui/panels/timelinepanel.h"
#include "ui/panels/tokenpathpanel.h"
#include "ui/panels/tokenstrippanel.h"
#include "ui/panels/whatifbar.h"
#include "ui/panels/whatifpanel.h"
#include "ui/theme/theme.h"

#include <QApplication>
#include <QCommandLineParser>
#include <QDir>
#include <QMainWindow>
#include <QTimer>

#include <cmath>

using namespace moescope;
using namespace moescope::ui;

namespace {

/** All four panels on one selection, where the picture of layout Inspect has them. */
class Board : public QWidget {
public:
    Board() {
        bindSelection(&m_trace, &m_selection);
        setFixedSize(1112, 700);
        setAutoFillBackground(true);
    }

    void fill(const TraceShape& shape, int tokens, bool probabilities, int token, int layer) {
        m_trace.setModel(shape);
        m_trace.setRun(1, shape, test::syntheticAnswer(shape, tokens, probabilities));
        m_trace.setCurrent(1);
        m_selection.setFollowing(false);
        m_selection.setLayer(layer);
        m_selection.setToken(token);
    }

    void place() {
        m_experts = new ExpertsPanel(&m_trace, &m_selection, this);
        m_strip = new TokenStripPanel(&m_trace, &m_selection, this);
        m_path = new TokenPathPanel(&m_trace, &m_selection, this);
        m_kv = new KvCachePanel(&m_trace, &m_selection, this);
        m_experts->setGeometry(0, 0, 600, 340);
        m_strip->setGeometry(0, 344, 600, 228);
        m_path->setGeometry(604, 0, 496, 270);
        m_router = new RouterPanel(&m_trace, &m_selection, this);
        m_router->setGeometry(604, 274, 242, 298);
        m_kv->setGeometry(850, 274, 250, 298);
        trace::MemoryInfo memory;
        memory.kv_bytes_per_token = 1024;
        memory.context = 1024;
        memory.kv_type = "f16";
        m_kv->setState(KvCacheState::of(test::syntheticModel(8, 16, 2), memory, 603));
    }

    TraceModel m_trace;
    Selection m_selection;
    ExpertsPanel* m_experts = nullptr;
    TokenStripPanel* m_strip = nullptr;
    TokenPathPanel* m_path = nullptr;
    KvCachePanel* m_kv = nullptr;
    RouterPanel* m_router = nullptr;
};

void save(QWidget& widget, const QString& folder, const QString& name) {
    widget.show();
    QApplication::processEvents();
    widget.grab().save(folder + QLatin1Char('/') + name + QStringLiteral(".png"));
}

void saveTimelines(const QString& folder) {
    StepTimelines steps;
    Board board;
    board.fill(test::syntheticShape(8, 16, 1, 1), 138, true, 64, 5);
    TimelinePanel panel(&board.m_trace, &steps, &board.m_selection);
    panel.setModelLoaded(true);
    panel.resize(1440, 168);
    save(panel, folder, QStringLiteral("timeline-off"));
    steps.append(1, {test::syntheticPrefillStep(0, 32, 8)});
    for (int token = 0; token < 138; ++token) {
        steps.append(1, {test::syntheticDecodeStep(board.m_trace.token(token).position, 8)});
    }
    save(panel, folder, QStringLiteral("timeline"));
    panel.lanes()->setCurrentSpan(20);
    panel.lanes()->zoomIn();
    panel.lanes()->zoomIn();
    save(panel, folder, QStringLiteral("timeline-zoomed"));
    panel.lanes()->showAll();
    panel.resize(480, 140);
    save(panel, folder, QStringLiteral("timeline-least"));
    panel.resize(800, 400);
    panel.setTwinShown(true);
    save(panel, folder, QStringLiteral("timeline-twin"));
}

/** A what-if on the map, the bar that makes it, its diff and the capacity panel. */
void saveWhatIf(const QString& folder) {
    const TraceShape nano = test::syntheticShape(8, 16, 1, 1);
    Board board;
    board.place();
    board.fill(nano, 138, true, 64, 5);
    WhatIf whatIf;
    whatIf.setModel(test::syntheticModel(8, 16, 2));
    board.m_experts->setWhatIf(&whatIf);
    whatIf.toggleBanned({5, 6});
    whatIf.toggleForced({3, 1});
    whatIf.setBias({2, 0}, -1.5F);
    board.m_kv->hide();
    board.m_path->hide();
    board.m_strip->hide();
    auto* diff = new WhatIfPanel(&board.m_trace, &board.m_selection, &board);
    diff->setGeometry(0, 344, 600, 340);
    // Another answer from the middle on.
    const auto answer = test::syntheticAnswer(nano, 138, true);
    auto other = answer.mid(0, 60);
    for (const trace::TokenTracePtr& token : test::syntheticAnswer(nano, 90, true, 5)) {
        auto changed = std::make_shared<trace::TokenTrace>(*token);
        if (other.size() < 64 || other.size() % 11 == 0) {
            changed->text = " old";
            changed->token = 7;
        }
        other.append(changed);
    }
    other[58] = test::syntheticAnswer(nano, 59, true, 9).last();
    QList<trace::TokenDivergence> divergence;
    for (int token = 0; token < answer.size(); ++token) {
        divergence.append({std::abs(std::sin(token * 0.37)) * std::min(token, 60) / 60, 0.5, 0.4});
    }
    diff->setSides({2, nano, answer}, {1, nano, other}, recipeWords(whatIf.recipe(), true));
    auto* capacity = new CapacityPanel(&board.m_trace, &board.m_selection, &board);
    capacity->setGeometry(604, 344, 496, 260);
    capacity->setRule(CapacityRule::Recycle);
    ChatPanel chat(&board);
    chat.setWhatIf(&whatIf);
    MessageView message;
    message.id = 1;
    message.role = Role::Assistant;
    message.model = QStringLiteral("Nano");
    message.type = QStringLiteral("Q4_K");
    message.text = QStringLiteral("The fox left the boat at the old mill.");
    message.stats.tokens = 10;
    message.recipe = whatIf.recipe();
    chat.setConversation(1, QStringLiteral("A fox and a boat"), {message});
    chat.setGeometry(604, 0, 496, 340);
    save(board, folder, QStringLiteral("whatif-without-kl"));
    diff->setDivergence(divergence);
    save(board, folder, QStringLiteral("whatif"));
    whatIf.toggleForced({3, 2});
    board.m_experts->hide();
    chat.whatIfBar()->editBias({2, 0});
    chat.setGeometry(0, 0, 340, 340);
    save(board, folder, QStringLiteral("whatif-narrow"));
}

/** Panels in a dock at 1440 × 900, at 1280 × 800 and at 2560 × 1440. */
void saveDocks(const QString& folder) {
    const TraceShape nano = test::syntheticShape(8, 16, 1, 1);
    for (const QSize& size : {QSize(496, 270), QSize(396, 480), QSize(396, 200), QSize(820, 620)}) {
        Board board;
        board.setFixedSize(4 * (size.width() + 4), 2 * (size.height() + 4) + 64);
        board.fill(nano, 48, true, 9, 3);
        board.m_trace.appendPrompt(1, test::syntheticAnswer(nano, 13, false, 9));
        auto* path = new TokenPathPanel(&board.m_trace, &board.m_selection, &board);
        auto* load = new LoadBalancePanel(&board.m_trace, &board.m_selection, &board);
        auto* card = new ExpertCardPanel(&board.m_trace, &board.m_selection, &board);
        auto* ledger = new LedgerPanel(&board.m_trace, &board.m_selection, &board);
        auto* attention = new AttentionPanel(&board.m_trace, &board.m_selection, &board);
        auto* capacity = new CapacityPanel(&board.m_trace, &board.m_selection, &board);
        auto* router = new RouterPanel(&board.m_trace, &board.m_selection, &board);
        auto* kv = new KvCachePanel(&board.m_trace, &board.m_selection, &board);
        auto* strip = new TokenStripPanel(&board.m_trace, &board.m_selection, &board);
        auto* ribbon = new RibbonPanel(&board.m_trace, &board.m_selection, &board);
        int at = 0;
        for (QWidget* panel : std::initializer_list<QWidget*>{path, load, card, ledger, attention, capacity}) {
            panel->setGeometry(at % 4 * (size.width() + 4), at / 4 * (size.height() + 4), size.width(), size.height());
            ++at;
        }
        const int top = size.height() + 4;
        router->setGeometry(2 * (size.width() + 4), top, 242, size.height());
        kv->setGeometry(2 * (size.width() + 4) + 246, top, 250, size.height());
        strip->setGeometry(2 * (size.width() + 4) + 500, top, size.width() - 8, size.height());
        ribbon->setGeometry(0, 2 * top, 4 * size.width(), 60);
        card->setWeights({nano, 1'572'864, QStringLiteral("llvmpipe")});
        ledger->setState(LedgerState::of(test::sampleLedger(), QStringLiteral("llvmpipe")));
        trace::MemoryInfo memory;
        memory.kv_bytes_per_token = 1024;
        memory.context = 2048;
        memory.kv_type = "f16";
        kv->setState(KvCacheState::of(test::syntheticModel(8, 16, 2), memory, 61));
        ContextState context;
        context.used = 61;
        context.reserved = 2048;
        context.limit = 2048;
        ribbon->setState(context);
        attention->setModel(8, nano);
        board.show();
        QApplication::processEvents();
        const AttentionPanel::Wish wish = attention->wish();
        attention->setAttention(wish, test::attentionSample(8, wish.position, false, uint32_t(wish.layer)));
        save(board, folder, QStringLiteral("docks-%1x%2").arg(size.width()).arg(size.height()));
    }
}

void saveShots(const QString& folder) {
    saveDocks(folder);
    saveTimelines(folder);
    saveWhatIf(folder);
    const TraceShape nano = test::syntheticShape(8, 16, 1, 1);
    {
        Board board;
        board.place();
        board.fill(nano, 138, true, 64, 5);
        save(board, folder, QStringLiteral("inspect"));
        board.m_router->setMode(RouterMode::Time);
        save(board, folder, QStringLiteral("time"));
        board.m_router->setMode(RouterMode::Layers);
        board.m_experts->setMode(HeatmapMode::Count);
        board.m_strip->setMode(StripMode::Gate);
        board.m_router->hide();
        board.m_experts->setGeometry(0, 0, 791, 280);
        board.m_strip->setGeometry(0, 284, 791, 220);
        board.m_path->setGeometry(791, 0, 321, 270);
        save(board, folder, QStringLiteral("small"));
        board.m_experts->setMode(HeatmapMode::GateMass);
        board.m_strip->setMode(StripMode::Margin);
        board.m_experts->setTwinShown(true);
        board.m_path->setTwinShown(true);
        board.m_kv->setTwinShown(true);
        board.m_path->setGeometry(604, 0, 496, 270);
        board.m_experts->setGeometry(0, 0, 600, 280);
        save(board, folder, QStringLiteral("twins"));
    }
    {
        // A panel that the pictures do not show, wide, at its least size and as a table; surprise in the strip.
        Board board;
        board.place();
        board.fill(nano, 138, true, 64, 5);
        board.m_experts->hide();
        board.m_path->hide();
        board.m_router->hide();
        board.m_strip->setMode(StripMode::Surprise);
        board.m_kv->hide();
        for (const bool table : {false, true}) {
            auto* wide = new ProbabilitiesPanel(&board.m_trace, &board.m_selection, &board);
            auto* small = new ProbabilitiesPanel(&board.m_trace, &board.m_selection, &board);
            wide->setGeometry(0, 0, 600, 340);
            small->setGeometry(604, 0, table ? 496 : 340, table ? 300 : 180);
            wide->setTwinShown(table);
            wide->show();
            small->show();
            save(board, folder, table ? QStringLiteral("probabilities-table") : QStringLiteral("probabilities"));
            wide->hide();
            small->hide();
        }
        board.m_strip->setGeometry(0, 344, 320, 160);
        save(board, folder, QStringLiteral("surprise-small"));
    }
    {
        // Load balance: a prompt and an answer, then a large model.
        Board board;
        LoadBalancePanel load(&board.m_trace, &board.m_selection, &board);
        RouterPanel router(&board.m_trace, &board.m_selection, &board);
        load.setGeometry(0, 0, 496, 270);
        router.setGeometry(0, 274, 496, 270);
        board.fill(nano, 138, true, 64, 5);
        board.m_trace.appendPrompt(1, test::syntheticAnswer(nano, 240, false, 9));
        save(board, folder, QStringLiteral("load"));
        load.setPhase(LoadPhase::Prefill);
        router.setMode(RouterMode::Time);
        save(board, folder, QStringLiteral("prefill"));
        board.fill(test::syntheticShape(32, 64, 8, 1, QStringLiteral("Hunyuan-A13B")), 4000, false, 64, 17);
        load.setPhase(LoadPhase::Decode);
        save(board, folder, QStringLiteral("load64"));
        router.setMode(RouterMode::Layers);
        load.setTwinShown(true);
        save(board, folder, QStringLiteral("load-twin"));
    }
    {
        // As in a small window: the docks are tabs.
        Board board;
        QMainWindow window;
        auto* experts = new ExpertsPanel(&board.m_trace, &board.m_selection, &window);
        auto* path = new TokenPathPanel(&board.m_trace, &board.m_selection, &window);
        auto* strip = new TokenStripPanel(&board.m_trace, &board.m_selection, &window);
        window.setTabPosition(Qt::AllDockWidgetAreas, QTabWidget::North);
        window.addDockWidget(Qt::RightDockWidgetArea, experts);
        window.tabifyDockWidget(experts, path);
        window.addDockWidget(Qt::RightDockWidgetArea, strip);
        window.resize(791, 600);
        board.fill(nano, 138, true, 64, 5);
        experts->raise();
        save(window, folder, QStringLiteral("tabs"));
    }
    {
        Board board;
        board.place();
        const TraceShape a13b = test::syntheticShape(32, 64, 8, 1, QStringLiteral("Hunyuan-A13B"));
        board.fill(a13b, 512, false, 64, 17);
        board.m_experts->setScope(Scope::Chat);
        board.m_experts->setGeometry(0, 0, 712, 528);
        board.m_path->setGeometry(716, 0, 396, 270);
        board.m_kv->hide();
        board.m_router->setGeometry(716, 274, 396, 254);
        board.m_strip->setGeometry(0, 532, 600, 160);
        save(board, folder, QStringLiteral("large64"));
    }
    {
        Board board;
        board.place();
        const TraceShape qwen = test::syntheticShape(48, 128, 8, 0, QStringLiteral("Qwen3-30B-A3B"));
        board.fill(qwen, 512, true, 64, 30);
        board.m_router->hide();
        board.m_experts->setGeometry(0, 0, 688, 528);
        board.m_path->setGeometry(692, 0, 420, 470);
        board.m_strip->setGeometry(0, 532, 420, 160);
        trace::MemoryInfo memory;
        memory.kv_bytes_per_token = 48ULL * 256;
        memory.context = 4096;
        memory.kv_type = "f16";
        board.m_kv->setState(KvCacheState::of(test::syntheticModel(48, 128, 1), memory, 603));
        board.m_kv->setGeometry(850, 474, 250, 220);
        save(board, folder, QStringLiteral("large128"));
        board.m_experts->setGeometry(0, 0, 420, 260);
        save(board, folder, QStringLiteral("merged"));
    }
    const auto matrices = [&](const TraceShape& shape, int tokens, const QString& name) {
        Board board;
        board.fill(shape, tokens, false, 64, shape.layers / 2);
        PairsPanel within(&board.m_trace, &board.m_selection, &board);
        PairsPanel next(&board.m_trace, &board.m_selection, &board);
        ClassesPanel classes(&board.m_trace, &board.m_selection, &board);
        next.setMode(PairMode::ToNextLayer);
        within.setGeometry(0, 0, 554, 340);
        next.setGeometry(558, 0, 554, 340);
        classes.setGeometry(0, 344, 554, 340);
        PairsPanel small(&board.m_trace, &board.m_selection, &board);
        small.setMode(PairMode::ToNextLayer);
        small.setTwinShown(true);
        small.setGeometry(558, 344, 420, 260);
        save(board, folder, name);
    };
    const auto card = [&](const TraceShape& shape, int tokens, const QString& name) {
        Board board;
        board.fill(shape, tokens, false, 64, shape.layers / 2);
        ExpertCardPanel wide(&board.m_trace, &board.m_selection, &board);
        ExpertCardPanel narrow(&board.m_trace, &board.m_selection, &board);
        ExpertCardPanel twin(&board.m_trace, &board.m_selection, &board);
        for (ExpertCardPanel* panel : {&wide, &narrow, &twin}) {
            panel->setWeights({shape, 1'572'864, QStringLiteral("llvmpipe")});
        }
        wide.setGeometry(0, 0, 600, 560);
        narrow.setGeometry(604, 0, 330, 400);
        twin.setTwinShown(true);
        twin.setGeometry(604, 404, 500, 290);
        save(board, folder, name);
    };
    card(nano, 603, QStringLiteral("card16"));
    card(test::syntheticShape(32, 64, 8, 1, QStringLiteral("Hunyuan-A13B")), 400, QStringLiteral("card64"));
    matrices(nano, 603, QStringLiteral("matrices16"));
    matrices(test::syntheticShape(8, 8, 2, 0, QStringLiteral("Mixtral-8x7B")), 2000, QStringLiteral("matrices8"));
    matrices(test::syntheticShape(32, 64, 8, 1, QStringLiteral("Hunyuan-A13B")), 4000, QStringLiteral("matrices64"));
    matrices(test::syntheticShape(48, 128, 8, 0, QStringLiteral("Qwen3-30B-A3B")), 4000, QStringLiteral("matrices128"));
    {
        Board board;
        board.place();
        const TraceShape dense = test::syntheticShape(0, 0, 0, 0, QStringLiteral("SmolLM2-135M-Instruct"));
        board.fill(dense, 60, false, 12, 0);
        board.m_kv->setState({});
        save(board, folder, QStringLiteral("dense"));
    }
    {
        Board board;
        board.place();
        board.m_trace.begin(1, nano);
        save(board, folder, QStringLiteral("empty"));
        board.m_trace.append(1, test::syntheticAnswer(nano, 40, false));
        save(board, folder, QStringLiteral("live"));
    }
}

} // namespace

int main(int argc, char** argv) {
    QApplication application(argc, argv);
    QCommandLineParser parser;
    const QCommandLineOption dark(QStringLiteral("dark"), QStringLiteral("Dark colours."));
    const QCommandLineOption scale(QStringLiteral("scale"), QStringLiteral("Font scale."), QStringLiteral("factor"),
                                   QStringLiteral("1"));
    const QCommandLineOption shots(QStringLiteral("shots"), QStringLiteral("Save pictures there and end."),
                                   QStringLiteral("folder"));
    parser.addOptions({dark, scale, shots});
    parser.addHelpOption();
    parser.process(application);
    setTheme(application, Theme(parser.isSet(dark) ? Scheme::Dark : Scheme::Light, parser.value(scale).toDouble()));
    if (parser.isSet(shots)) {
        QDir().mkpath(parser.value(shots));
        saveShots(parser.value(shots));
        return 0;
    }

    QMainWindow window;
    TraceModel trace;
    Selection selection;
    bindSelection(&trace, &selection);
    auto* experts = new ExpertsPanel(&trace, &selection, &window);
    auto* strip = new TokenStripPanel(&trace, &selection, &window);
    auto* path = new TokenPathPanel(&trace, &selection, &window);
    auto* kv = new KvCachePanel(&trace, &selection, &window);
    window.setDockNestingEnabled(true);
    window.addDockWidget(Qt::LeftDockWidgetArea, experts);
    window.addDockWidget(Qt::LeftDockWidgetArea, strip);
    window.addDockWidget(Qt::RightDockWidgetArea, path);
    window.addDockWidget(Qt::RightDockWidgetArea, kv);
    window.resize(1112, 700);
    window.show();
    // A live answer that starts over when it is done.
    const TraceShape nano = test::syntheticShape(8, 16, 1, 1);
    const auto answer = test::syntheticAnswer(nano, 400, true);
    trace.begin(1, nano);
    QTimer timer;
    QObject::connect(&timer, &QTimer::timeout, &window, [&] {
        if (trace.tokenCount() >= answer.size()) {
            trace.begin(1, nano);
        }
        trace.append(1, answer.mid(trace.tokenCount(), 4));
        trace::MemoryInfo memory;
        memory.kv_bytes_per_token = 1024;
        memory.context = 1024;
        memory.kv_type = "f16";
        kv->setState(KvCacheState::of(test::syntheticModel(8, 16, 2), memory, quint64(465 + trace.tokenCount())));
    });
    timer.start(33);
    return QApplication::exec();
}
