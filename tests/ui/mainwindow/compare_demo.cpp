// SPDX-License-Identifier: Apache-2.0
// Shows layout Compare with made-up but fixed runs, or saves pictures of it:
//   ui_compare_demo [--dark] [--scale 1.5] [--size 1440x900] [--shots FOLDER]
#include "tests/ui/models/samplecomparison.h"
#include "tests/ui/models/synthetictrace.h"
#include "ui/mainwindow/addrunsheet.h"
#include "ui/mainwindow/mainwindow.h"
#include "ui/mainwindow/needlesheet.h"
#include "ui/panels/chatpanel.h"
#include "ui/panels/comparepage.h"
#include "ui/panels/panelframe.h"
#include "ui/theme/theme.h"
#include "ui/widgets/segmentedcontrol.h"

#include <QApplication>
#include <QComboBox>
#include <QCommandLineParser>
#include <QDir>
#include <QElapsedTimer>

#include <functional>
#include <memory>

using namespace moescope;
using namespace moescope::ui;

namespace {

/** The window with a comparison. */
struct Board {
    explicit Board(const QSize& size) {
        window.setSelection(&selection);
        window.setComparison(&comparison);
        WindowState state;
        state.layout = LayoutName::Compare;
        window.restore(state);
        window.resize(size);
        window.setModel(QStringLiteral("Nano"), QStringLiteral("Q4_K"), true);
        window.setActivity(Activity::Answering, QStringLiteral("Running batch, 36 of 40"));
        window.setDevice(QStringLiteral("llvmpipe"), true);
        window.setSpeed(187, 1'402);
        window.setKv(1'835'008, 2'097'152);
        window.setContext(1'792, 2'048);
        window.show();
    }
    /** Until `over`, or for two seconds. */
    static void wait(const std::function<bool()>& over) {
        QElapsedTimer timer;
        timer.start();
        while (timer.elapsed() < 2'000 && !over()) {
            QApplication::processEvents(QEventLoop::AllEvents, 20);
        }
        for (int i = 0; i < 20; ++i) {
            QApplication::processEvents(QEventLoop::AllEvents, 20);
        }
    }
    void settle() {
        wait([this] { return !comparison.isComparing(); });
    }

    Selection selection;
    Comparison comparison{&selection};
    MainWindow window;
};

QString lines(const QStringList& words, int times) {
    QString text;
    for (int i = 0; i < times; ++i) {
        text += words.at(i % words.size()) + (i % 7 == 6 ? QStringLiteral("\n\n") : QStringLiteral(" "));
    }
    return text.trimmed();
}

/** Two long answers of a large model, with Chinese, Arabic and a code line among them. */
QList<RunView> largeRuns() {
    QList<RunView> runs = test::sampleRuns();
    const QStringList words{QStringLiteral("The ferry crosses at noon, and nobody waits."),
                            QStringLiteral("船在傍晚停在安静的海滩上，狐狸把它系在树上。"),
                            QStringLiteral("She wrote `for (int i = 0; i < n; ++i)` into the log."),
                            QStringLiteral("القارب على الشاطئ الهادئ."),
                            QStringLiteral("Reeds grow where the current is slow.")};
    QStringList other = words;
    other[1] = QStringLiteral("船在傍晚停在老磨坊旁边，狐狸把它系在石头上。");
    other[4] = QStringLiteral("Reeds grow where the water is still.");
    TraceShape shape = test::syntheticShape(48, 128, 8, 1, QStringLiteral("Large"));
    shape.file = QStringLiteral("large.gguf");
    for (RunView& run : runs) {
        run.model = QStringLiteral("Mixture-of-Agents-Reasoner-Large-Instruct");
        run.title = QStringLiteral("A much longer title of a run that differs in several things · Q8_0 cache · seed 7");
        run.model_key = run.tokenizer_key = QStringLiteral("large");
        run.machine.clear();
        run.trace = test::sampleTrace(shape, test::tokensOf(lines(run.id % 2 == 1 ? words : other, 60)), run.id != 1);
        run.passage_mass.assign(48, 0.02F);
        for (size_t layer = 0; layer < 48; ++layer) {
            run.passage_mass[layer] = float((layer * 7 + size_t(run.id) * 3) % 30) / 200;
        }
    }
    return runs;
}

QList<RunView> runningRuns() {
    QList<RunView> runs = test::sampleRuns();
    RunView& b = runs[1];
    b.trace.reset();
    b.verdict = NeedleVerdict::None;
    b.phase = RunPhase::Reading;
    b.progress = 0.45;
    b.left_s = 12;
    b.passage_mass.clear();
    b.decode_tps = b.prefill_tps = b.first_token_ms = 0;
    runs[2].phase = RunPhase::Failed;
    runs[2].trace.reset();
    runs[2].verdict = NeedleVerdict::None;
    runs[2].error = QStringLiteral("This model needs 49.8 GiB and llvmpipe has 20.9 GiB free, so it cannot be loaded.");
    return runs;
}

void saveShots(const QString& folder, const QSize& size, const QString& suffix) {
    const auto save = [&](Board& board, const QString& name) {
        board.settle();
        board.window.grab().save(QDir(folder).filePath(name + suffix + QStringLiteral(".png")));
    };
    {
        Board board(size);
        save(board, QStringLiteral("compare-none"));
        board.comparison.open(7, QStringLiteral("Where did the fox leave the boat?"));
        board.comparison.setRuns(test::sampleRuns().mid(0, 1));
        save(board, QStringLiteral("compare-one"));
        board.comparison.setRuns(runningRuns());
        save(board, QStringLiteral("compare-running"));
    }
    Board board(size);
    test::openSample(&board.comparison);
    save(board, QStringLiteral("compare"));
    {
        const QList<ModelChoice> models{
            {QStringLiteral("Nano"), QStringLiteral("Nano"), QStringLiteral("Q4_K")},
            {QStringLiteral("olmoe"), QStringLiteral("OLMoE-1B-7B"), QStringLiteral("Q8_0")}};
        RunDraft draft = test::sampleRuns()[0].draft;
        AddRunSheet sheet(AddRunSheet::Purpose::AddRun, draft, models, &board.window);
        sheet.findChildren<QComboBox*>().first()->setCurrentIndex(1);
        sheet.show();
        Board::wait([] { return true; });
        sheet.grab().save(QDir(folder).filePath(QStringLiteral("add-run") + suffix + QStringLiteral(".png")));
        draft.kind = PromptKind::Text;
        draft.text = draft.question;
        AddRunSheet fresh(AddRunSheet::Purpose::NewComparison, draft, models, &board.window);
        fresh.findChild<SegmentedControl*>()->setCurrentIndex(3);
        fresh.show();
        Board::wait([] { return true; });
        fresh.grab().save(QDir(folder).filePath(QStringLiteral("new-comparison") + suffix + QStringLiteral(".png")));
        NeedleGridSettings settings;
        settings.lengths = {256, 512, 1'024, 2'048};
        settings.depths = {0, 25, 50, 75, 100};
        NeedleSheet grid(settings, 2'048, &board.window);
        grid.show();
        Board::wait([] { return true; });
        grid.grab().save(QDir(folder).filePath(QStringLiteral("needle-sheet") + suffix + QStringLiteral(".png")));
    }
    board.comparison.select(Side::A, 12, 5);
    board.comparison.setUnit(Comparison::Unit::Tokens);
    if (PanelFrame* mass = board.window.compare()->panel(QStringLiteral("compare-mass"))) {
        mass->raise();
    }
    save(board, QStringLiteral("compare-tokens-mass"));
    board.comparison.setUnit(Comparison::Unit::Words);
    board.comparison.setShowsAll(true);
    Board::wait([&] { return !board.comparison.isDistancePending(1); });
    save(board, QStringLiteral("compare-all"));
    board.comparison.setShowsAll(false);
    board.comparison.setRuns(largeRuns());
    save(board, QStringLiteral("compare-large"));
    for (const QString& id : board.window.compare()->panelIds()) {
        board.window.compare()->panel(id)->setTwinShown(true);
    }
    save(board, QStringLiteral("compare-twins"));
    board.comparison.setShowsAll(true);
    Board::wait([&] { return !board.comparison.isDistancePending(3); });
    for (const QString& id : board.window.compare()->panelIds()) {
        board.window.compare()->panel(id)->setTwinShown(false);
    }
    save(board, QStringLiteral("compare-all-large"));
}

} // namespace

int main(int argc, char** argv) {
    QApplication application(argc, argv);
    QCommandLineParser parser;
    const QCommandLineOption dark(QStringLiteral("dark"), QStringLiteral("Dark colours."));
    const QCommandLineOption scale(QStringLiteral("scale"), QStringLiteral("Font scale."), QStringLiteral("factor"),
                                   QStringLiteral("1"));
    const QCommandLineOption size(QStringLiteral("size"), QStringLiteral("Of the window."), QStringLiteral("WxH"),
                                  QStringLiteral("1440x900"));
    const QCommandLineOption shots(QStringLiteral("shots"), QStringLiteral("Save pictures there and end."),
                                   QStringLiteral("folder"));
    parser.addOptions({dark, scale, size, shots});
    parser.addHelpOption();
    parser.process(application);
    setTheme(application, Theme(parser.isSet(dark) ? Scheme::Dark : Scheme::Light, parser.value(scale).toDouble()));
    const QStringList sides = parser.value(size).split(u'x');
    const QSize wanted(sides.value(0).toInt(), sides.value(1).toInt());
    if (parser.isSet(shots)) {
        QDir().mkpath(parser.value(shots));
        saveShots(parser.value(shots), wanted,
                  QStringLiteral("-%1-%2").arg(parser.value(size),
                                               parser.isSet(dark) ? QStringLiteral("dark") : QStringLiteral("light")));
        return 0;
    }
    Board board(wanted);
    test::openSample(&board.comparison);
    return QApplication::exec();
}
