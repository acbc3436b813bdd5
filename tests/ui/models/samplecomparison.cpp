// SPDX-License-Identifier: Apache-2.0
#include "tests/ui/models/samplecomparison.h"

#include "engine/trace/random.h"
#include "tests/ui/models/synthetictrace.h"

#include <algorithm>
#include <cmath>

namespace moescope::test {

using namespace moescope::ui;

namespace {

const auto answerA =
    QStringLiteral("The fox left the boat at the quiet beach.\n\nShe tied it to a tall tree with a blue "
                   "rope, and then she walked home before the rain came.\n\nThe boat was still there "
                   "in the morning.");
const auto answerB = QStringLiteral("The fox left the boat at the old mill.\n\nShe tied it to a stone with a rope, and "
                                    "then she walked home before the rain came.\n\nIn the morning the boat was gone.");

uint32_t idOf(const QString& text) {
    uint32_t id = 7;
    for (const QChar c : text) {
        id = id * 31 + c.unicode();
    }
    return id % 7'900 + 100;
}

uint32_t draw(uint32_t id, int layer, int choice) {
    return static_cast<uint32_t>(trace::Random(id, uint64_t(layer), uint64_t(choice)).next() >> 33);
}

/** Share of the tokens of a layer that are bent. */
double bentShare(int layer, int layers) {
    const double at = layers > 1 ? double(layer) / (layers - 1) : 1;
    return at < 0.2 ? 0.03 : at < 0.7 ? at * 0.7 : 0.9 - at * 0.5;
}

std::vector<uint16_t> expertsOf(const TraceShape& shape, uint32_t id, int at, bool bent) {
    std::vector<uint16_t> experts;
    for (int layer = 0; layer < shape.layers; ++layer) {
        const bool other =
            bent && draw(id + uint32_t(at) * 977, layer, 99) % 1000 < uint32_t(bentShare(layer, shape.layers) * 1000);
        const uint32_t first = other ? 13U + uint32_t(layer) : draw(id, layer, 0);
        for (int choice = 0; choice < shape.used; ++choice) {
            experts.push_back(static_cast<uint16_t>((first + uint32_t(choice)) % uint32_t(shape.experts)));
        }
    }
    return experts;
}

RunView runOf(qint64 id, const QString& model, const QString& type, int length) {
    RunView run;
    run.id = id;
    run.answer = 100 + id;
    run.model = model;
    run.model_type = type;
    run.phase = RunPhase::Done;
    run.progress = 1;
    run.kv_type = QStringLiteral("f16");
    run.stop_reason = QStringLiteral("stopped at end of text");
    run.facts = {QStringLiteral("needle at 50 %"), QStringLiteral("today 14:52")};
    run.draft.kind = PromptKind::Template;
    run.draft.length = length;
    run.draft.depth = 50;
    run.draft.passage = QStringLiteral("In the evening she left the boat at the quiet beach.");
    run.draft.question = QStringLiteral("Where did the fox leave the boat?");
    run.draft.model = model;
    run.draft.model_name = model;
    run.draft.kv_type = run.kv_type;
    run.draft.sampling.temperature = 0;
    run.draft.sampling.seed = 42;
    run.prompt_tokens = length;
    run.passage = {QStringLiteral("and the wind went down. "), run.draft.passage,
                   QStringLiteral(" Then she went to the"), length / 2, 12};
    return run;
}

TraceShape shapeOf(const QString& model, int layers, int experts, int used) {
    TraceShape shape = syntheticShape(layers, experts, used, 1, model);
    shape.file = model.toLower() + QStringLiteral(".gguf");
    return shape;
}

} // namespace

QStringList tokensOf(const QString& text) {
    QStringList tokens;
    for (const QChar c : text) {
        const bool sign = c.isPunct() || c == u'\n';
        const bool begins = tokens.isEmpty() || c == u' ' || (sign && tokens.last() != QStringLiteral("\n")) ||
                            tokens.last().endsWith(u'\n');
        if (begins && !(c == u'\n' && tokens.last().endsWith(u'\n'))) {
            tokens.append(c);
        } else {
            tokens.last().append(c);
        }
    }
    return tokens;
}

std::shared_ptr<const RunTrace> sampleTrace(const TraceShape& shape, const QStringList& texts, bool bent) {
    QList<trace::TokenTracePtr> tokens;
    for (const QString& text : texts) {
        const uint32_t id = idOf(text);
        const int at = static_cast<int>(tokens.size());
        const std::vector<uint16_t> experts = expertsOf(shape, id, at, bent);
        std::vector<float> gates;
        for (size_t choice = 0; choice < experts.size(); ++choice) {
            gates.push_back(float(30 + draw(id, int(choice), bent ? 8 : 7) % 30) / 100 / float(shape.used));
        }
        auto token = std::make_shared<trace::TokenTrace>(*plainToken(shape, text.toStdString(), experts, gates));
        token->token = static_cast<int>(id);
        token->position = uint32_t(at);
        token->generated = true;
        const float likely = text == QStringLiteral(" quiet") ? 0.41F
                             : text == QStringLiteral(" old") ? 0.38F
                                                              : float(50 + id % 45) / 100;
        const QString second = text == QStringLiteral(" old") ? QStringLiteral(" quiet") : QStringLiteral(" other");
        token->probability = likely;
        token->candidates = {{int(id), text.toStdString(), likely, likely},
                             {int(idOf(second)), second.toStdString(), likely * 0.77F, likely * 0.77F}};
        tokens.append(token);
    }
    return std::make_shared<RunTrace>(shape, tokens);
}

QList<RunView> sampleRuns() {
    const TraceShape nano = shapeOf(QStringLiteral("Nano"), 8, 16, 1);
    RunView a = runOf(1, QStringLiteral("Nano"), QStringLiteral("Q4_K"), 512);
    a.trace = sampleTrace(nano, tokensOf(answerA), false);
    a.verdict = NeedleVerdict::Found;
    a.first_token_ms = 360;
    a.prefill_tps = 1'420;
    a.decode_tps = 204;
    a.kv_bytes = 554 * 1024;
    a.passage_mass = {0.021F, 0.034F, 0.05F, 0.071F, 0.094F, 0.142F, 0.131F, 0.105F};
    RunView b = runOf(2, QStringLiteral("Nano"), QStringLiteral("Q4_K"), 1'536);
    b.trace = sampleTrace(nano, tokensOf(answerB), true);
    b.verdict = NeedleVerdict::Missed;
    b.reused_tokens = 38;
    b.first_token_ms = 1'100;
    b.prefill_tps = 1'396;
    b.decode_tps = 187;
    b.kv_bytes = 1'577 * 1024;
    b.passage_mass = {0.012F, 0.016F, 0.019F, 0.022F, 0.021F, 0.024F, 0.02F, 0.019F};
    for (RunView* run : {&a, &b}) {
        run->model_key = QStringLiteral("nano routers");
        run->tokenizer_key = QStringLiteral("nano tokens");
        run->answer_tokens = run->trace->size();
        run->passage_mass_n = run->answer_tokens;
    }
    RunView c = runOf(3, QStringLiteral("OLMoE-1B-7B"), QStringLiteral("Q8_0"), 1'489);
    c.trace = sampleTrace(shapeOf(c.model, 16, 64, 8), tokensOf(answerA), false);
    c.model_key = c.tokenizer_key = QStringLiteral("olmoe");
    c.verdict = NeedleVerdict::Found;
    c.first_token_ms = 31'700;
    c.prefill_tps = 47;
    c.decode_tps = 9.1;
    c.measured = 3;
    c.kv_bytes = 191ULL << 20;
    RunView d = runOf(4, QStringLiteral("Hunyuan-A13B"), QStringLiteral("Q4_K"), 1'476);
    d.trace = sampleTrace(shapeOf(d.model, 32, 64, 8), tokensOf(answerB), false);
    d.model_key = d.tokenizer_key = QStringLiteral("hunyuan");
    d.machine = QStringLiteral("Radeon PRO W7900");
    d.verdict = NeedleVerdict::Found;
    d.first_token_ms = 2'910;
    d.prefill_tps = 507;
    d.decode_tps = 31;
    d.measured = 3;
    d.kv_bytes = 190ULL << 20;
    QList<RunView> runs{a, b, c, d};
    for (RunView& run : runs) {
        run.answer_tokens = run.trace->size();
        run.title = titleOf(run.draft, runs.first().draft);
    }
    return runs;
}

NeedleGridView sampleGrid() {
    const std::vector<std::vector<int>> found{{10, 10, 10, 10, 10}, {10, 10, 10, 10, 10}, {10, 9, 9, 9, 10},
                                              {9, 8, 7, 9, 10},     {9, 6, 4, 7, 10},     {8, 4, 2, 5, 9},
                                              {7, 3, 2, 4, 9},      {6, 4, 0, 0, 0}};
    NeedleGridView grid;
    grid.kind = QStringLiteral("single");
    grid.lengths = {256, 512, 768, 1'024, 1'280, 1'536, 1'792, 2'048};
    grid.depths = {0, 25, 50, 75, 100};
    grid.cases = 10;
    grid.all = 400;
    for (const std::vector<int>& column : found) {
        for (const int number : column) {
            const int at = static_cast<int>(grid.cells.size());
            NeedleGridView::Cell cell;
            cell.n = at < 36 ? 10 : at == 36 ? 6 : 0;
            cell.found = std::min(number, cell.n);
            const double n = std::max(1, cell.n);
            const double p = cell.found / n;
            const double z = 1.959964;
            const double middle = (p + z * z / (2 * n)) / (1 + z * z / n);
            const double half = z / (1 + z * z / n) * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n));
            cell.low = cell.n > 0 ? std::max(0.0, middle - half) : 0;
            cell.high = cell.n > 0 ? std::min(1.0, middle + half) : 1;
            cell.seconds = cell.n * 0.9;
            grid.cells.push_back(cell);
            grid.done += cell.n;
        }
    }
    grid.current = 36;
    grid.running = true;
    grid.left_s = 70;
    return grid;
}

void openSample(Comparison* comparison) {
    comparison->open(7, QStringLiteral("Where did the fox leave the boat?"));
    comparison->setRuns(sampleRuns());
    comparison->setEqual({QStringLiteral("same question"), QStringLiteral("seed 42, greedy")},
                         QStringLiteral("38 prefix tokens computed once"));
    comparison->setGrid(sampleGrid());
}

} // namespace moescope::test
