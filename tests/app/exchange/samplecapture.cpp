// SPDX-License-Identifier: Apache-2.0
#include "samplecapture.h"

#include <QFloat16>

#include <algorithm>
#include <numeric>
#include <random>

namespace moescope::exchange::testing {
namespace {

trace::RouterTrace sampleRouter(const SampleShape& shape, bool probs, std::mt19937& random) {
    trace::RouterTrace router;
    router.moe_layers = shape.layers;
    router.expert_count = shape.experts;
    router.expert_used_count = shape.used;
    std::exponential_distribution<float> score;
    std::vector<float> scores(shape.experts);
    std::vector<uint16_t> order(shape.experts);
    const size_t ranked = std::min<size_t>(shape.used + 1, shape.experts);
    for (uint32_t layer = 0; layer < shape.layers; ++layer) {
        std::generate(scores.begin(), scores.end(), [&] { return score(random); });
        const float sum = std::accumulate(scores.begin(), scores.end(), 0.0F);
        for (float& value : scores) {
            value = shape.halves ? static_cast<float>(qfloat16(value / sum)) : value / sum;
        }
        std::iota(order.begin(), order.end(), uint16_t(0));
        std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(ranked), order.end(),
                          [&](uint16_t a, uint16_t b) { return scores[a] > scores[b]; });
        for (uint32_t k = 0; k < shape.used; ++k) {
            router.experts.push_back(order[k]);
            router.chosen_probs.push_back(scores[order[k]]);
            router.weights.push_back(scores[order[k]]);
        }
        const bool rival = ranked > shape.used;
        router.runner_up.push_back(rival ? order[shape.used] : uint16_t(0));
        router.runner_up_prob.push_back(rival ? scores[order[shape.used]] : 0.0F);
        if (probs) {
            router.probs.insert(router.probs.end(), scores.begin(), scores.end());
        }
    }
    return router;
}

QString timingsText(const trace::StepTimings& t) {
    return QStringLiteral("%1 %2 %3 %4 %5 %6")
        .arg(t.prefill_ms)
        .arg(t.prefill_tokens)
        .arg(t.reused_tokens)
        .arg(t.first_token_ms)
        .arg(t.decode_ms)
        .arg(t.decode_tokens);
}

QString messageText(const store::Message& m) {
    const QStringList parts{QString::number(m.id),
                            QString::number(m.parent),
                            store::roleName(m.role),
                            store::stateName(m.state),
                            QString::number(m.created.toMSecsSinceEpoch()),
                            m.model.name,
                            m.model.file,
                            m.model.type,
                            QString::number(m.model.parameters),
                            QString::number(m.model.active_parameters),
                            QString::number(m.seed.value_or(0)),
                            QString::number(int(m.seed.has_value())),
                            timingsText(m.timings),
                            QString::number(m.thinking.ms),
                            QString::number(m.thinking.tokens),
                            QString::number(m.stop_reason ? int(*m.stop_reason) : -1),
                            m.error_id,
                            m.error,
                            m.text};
    return parts.join(u'|');
}

QString stepText(const trace::StepTimeline& step) {
    QStringList parts;
    for (const double n : {double(int(step.kind)), double(step.position), double(step.tokens), step.total_us,
                           double(step.dispatches), double(int(step.timestamps))}) {
        parts << QString::number(n, 'g', 17);
    }
    for (const trace::TimelineSpan& span : step.spans) {
        for (const double n :
             {double(int(span.lane)), double(int(span.part)), double(span.layer), span.start_us, span.duration_us}) {
            parts << QString::number(n, 'g', 17);
        }
    }
    return parts.join(u' ');
}

bool isSame(const trace::TokenCandidate& a, const trace::TokenCandidate& b) {
    return a.token == b.token && a.text == b.text && a.probability == b.probability && a.sampled == b.sampled;
}

bool isSame(const trace::TokenTrace& a, const trace::TokenTrace& b) {
    const trace::RouterTrace& x = a.router;
    const trace::RouterTrace& y = b.router;
    return a.token == b.token && a.position == b.position && a.generated == b.generated && a.text == b.text &&
           a.probability == b.probability &&
           std::equal(a.candidates.begin(), a.candidates.end(), b.candidates.begin(), b.candidates.end(),
                      [](const auto& one, const auto& other) { return isSame(one, other); }) &&
           x.moe_layers == y.moe_layers && x.expert_count == y.expert_count &&
           x.expert_used_count == y.expert_used_count && x.experts == y.experts && x.weights == y.weights &&
           x.chosen_probs == y.chosen_probs && x.runner_up == y.runner_up && x.runner_up_prob == y.runner_up_prob &&
           x.probs == y.probs;
}

trace::MemoryLedger sampleLedger() {
    trace::MemoryLedger ledger;
    ledger.planned = {
        {16'000'000, "q6_k"}, {1'000'000, "q6_k, f16"}, {7'000'000, "q8_0"}, {2048, 1024, 544}, 90'000, 8};
    ledger.context = 2048;
    ledger.kv_type = trace::KvType::Q8_0;
    uint64_t bytes = 1'000'000;
    for (trace::MemoryUse* use :
         {&ledger.routed, &ledger.shared, &ledger.rest, &ledger.kv, &ledger.workspace, &ledger.staging}) {
        bytes += 1001;
        *use = {bytes, {bytes - 7, 300, 5}};
        ledger.allocated += use->allocated;
    }
    ledger.device_bytes = uint64_t{1} << 34;
    ledger.driver_counts = true;
    ledger.free_before_bytes = 9'000'000'001;
    ledger.free_after_bytes = 8'000'000'002;
    return ledger;
}

QString ledgerText(const trace::MemoryLedger& ledger) {
    const trace::MemoryNeeds& planned = ledger.planned;
    QStringList parts{
        QString::fromStdString(planned.routed.types + '|' + planned.shared.types + '|' + planned.rest.types)};
    std::vector<uint64_t> numbers{planned.routed.bytes,
                                  planned.shared.bytes,
                                  planned.rest.bytes,
                                  planned.workspace_bytes,
                                  planned.workspace_bytes_per_token,
                                  ledger.context,
                                  static_cast<uint64_t>(ledger.kv_type),
                                  ledger.device_bytes,
                                  ledger.driver_counts,
                                  ledger.free_before_bytes,
                                  ledger.free_after_bytes,
                                  ledger.allocated.device,
                                  ledger.allocated.mapped,
                                  ledger.allocated.host};
    numbers.insert(numbers.end(), planned.kv_bytes_per_token.begin(), planned.kv_bytes_per_token.end());
    for (const trace::MemoryUse& use :
         {ledger.routed, ledger.shared, ledger.rest, ledger.kv, ledger.workspace, ledger.staging}) {
        numbers.insert(numbers.end(), {use.bytes, use.allocated.device, use.allocated.mapped, use.allocated.host});
    }
    for (const uint64_t n : numbers) {
        parts << QString::number(n);
    }
    return parts.join(u' ');
}

QString modelText(const trace::ModelInfo& m) {
    QStringList parts{QString::fromStdString(m.name + '|' + m.file_name + '|' + m.main_type + '|' + m.architecture +
                                             '|' + m.license)};
    for (const uint64_t n :
         {m.parameters, m.active_parameters, m.file_bytes, uint64_t{m.block_count},
          uint64_t{m.leading_dense_block_count}, uint64_t{m.embedding_length}, uint64_t{m.head_count},
          uint64_t{m.head_count_kv}, uint64_t{m.head_dim}, uint64_t{m.expert_count}, uint64_t{m.expert_used_count},
          uint64_t{m.expert_shared_count}, uint64_t{m.expert_feed_forward_length}, uint64_t{m.cla_share_factor},
          uint64_t{m.context_length}, uint64_t{m.vocab_size}, uint64_t{m.synthetic}}) {
        parts << QString::number(n);
    }
    return parts.join(u' ');
}

} // namespace

store::TokenTraces sampleTokens(const SampleShape& shape) {
    const char* const texts[] = {" boat", "\n", " f\xC3\xA4hrt", "\xF0\x9F\x98", "\x80", ".", " The", ""};
    std::mt19937 random(11);
    store::TokenTraces tokens;
    for (int i = 0; i < shape.prompt + shape.generated; ++i) {
        auto token = std::make_shared<trace::TokenTrace>();
        token->token = 100 + i % 5000;
        token->position = static_cast<uint32_t>(i + 7);
        token->generated = i >= shape.prompt;
        token->text = texts[i % 8];
        token->probability = token->generated ? 1.0F / static_cast<float>(i % 9 + 1) : 0.0F;
        if (token->generated && i % 3 != 0) {
            token->candidates = {{7, " boat", 0.5F, 0.625F}, {token->token, token->text, 0.25F, 0.0F}};
        }
        if (shape.layers > 0 && i != 2) { // one of the prompt was not recorded
            token->router = sampleRouter(shape, shape.probs && i % 2 == 0, random);
            if (!token->generated && i % 3 == 1) { // as a prompt is kept: its choices alone
                token->router.chosen_probs.clear();
                token->router.runner_up.clear();
                token->router.runner_up_prob.clear();
                token->router.probs.clear();
            }
        }
        tokens.push_back(token);
    }
    return tokens;
}

Capture sampleCapture(const SampleShape& shape) {
    const QDateTime time = QDateTime::fromMSecsSinceEpoch(1764441123456);
    Capture capture;
    capture.program = QStringLiteral("0.1.0");
    capture.created = time;
    capture.title = QStringLiteral("A fox & a “boat”");
    capture.model.name = "Nano";
    capture.model.file_name = "nano.gguf";
    capture.model.main_type = "q6_k";
    capture.model.architecture = "hunyuan-large";
    capture.model.license = "apache-2.0";
    capture.model.parameters = 30'123'456'789;
    capture.model.active_parameters = 6'500'000;
    capture.model.file_bytes = 24'000'000;
    capture.model.block_count = shape.layers + 1;
    capture.model.leading_dense_block_count = 1;
    capture.model.embedding_length = 256;
    capture.model.head_count = 8;
    capture.model.head_count_kv = 2;
    capture.model.head_dim = 32;
    capture.model.expert_count = shape.experts;
    capture.model.expert_used_count = shape.used;
    capture.model.expert_shared_count = 1;
    capture.model.expert_feed_forward_length = 512;
    capture.model.cla_share_factor = 2;
    capture.model.context_length = 2048;
    capture.model.vocab_size = 8192;
    capture.device = trace::DeviceInfo();
    capture.device->name = "llvmpipe";
    capture.device->type = "software";
    capture.device->driver = "Mesa 22.3.6";
    capture.device->memory_bytes = 1 << 30;
    capture.memory = trace::MemoryInfo{24'000'000, 2'097'152, 1024, 4096, 2048, "f16"};
    capture.ledger = sampleLedger();
    capture.system_prompt = QStringLiteral("Be brief.");
    for (int i = 0; i < 4; ++i) {
        store::Message message;
        message.id = i + 1;
        message.parent = i;
        message.role = i % 2 == 0 ? store::Role::User : store::Role::Assistant;
        message.created = time.addMSecs(i * 1001);
        message.text = QStringLiteral("Message %1 with “words”, ä and 🙂\n\n* and a list").arg(i);
        if (message.role == store::Role::Assistant) {
            message.model = {QStringLiteral("Nano"), QStringLiteral("nano.gguf"), QStringLiteral("q6_k"),
                             30'123'456'789, 6'500'000};
            message.sampling = {{"temp", 0.7}, {"top_k", 40}};
            message.seed = 18'000'000'000'000'000'001ULL;
            message.timings.prefill_ms = 12.25;
            message.timings.prefill_tokens = 5;
            message.timings.reused_tokens = 7;
            message.timings.first_token_ms = 15.5;
            message.timings.decode_ms = 204.125;
            message.timings.decode_tokens = static_cast<uint32_t>(shape.generated);
            message.thinking = {3.5, 4};
            message.stop_reason = trace::StopReason::Length;
        }
        capture.messages.append(message);
    }
    trace::Intervention& recipe = capture.messages.last().recipe.intervention;
    recipe.banned = {{0, 1}, {2, 8}};
    recipe.forced = {{1, 3}};
    recipe.biases = {{{2, 5}, -1.5F}};
    recipe.without_shared = true;
    capture.tokens = sampleTokens(shape);
    trace::StepTimeline step;
    step.position = 12;
    step.total_us = 4900.25;
    step.dispatches = 51;
    step.timestamps = true;
    for (size_t i = 0; i < trace::stepPartCount; ++i) { // each has a name of its own
        step.spans.push_back({static_cast<trace::Lane>(i % 3), static_cast<trace::StepPart>(i), int(i % 4) - 1,
                              double(i) * 1.125, 1.0625});
    }
    trace::StepTimeline prefill;
    prefill.kind = trace::StepKind::Prefill;
    prefill.tokens = 5;
    capture.steps = {std::make_shared<trace::StepTimeline>(prefill), std::make_shared<trace::StepTimeline>(step)};
    capture.notes = {{0, -1, QStringLiteral("The prompt"), time}, {3, 12, QStringLiteral("Here it turns"), time}};
    capture.bookmarks = {{3, time}, {shape.generated - 1, time}};
    return capture;
}

QString difference(const Capture& a, const Capture& b) {
    QStringList differences;
    const auto compare = [&differences](const char* what, bool same) {
        if (!same) {
            differences << QLatin1String(what);
        }
    };
    compare("program", a.program == b.program);
    compare("created", a.created == b.created);
    compare("title", a.title == b.title);
    compare("model", modelText(a.model) == modelText(b.model));
    compare("device", a.device.has_value() == b.device.has_value() &&
                          (!a.device ||
                           (a.device->name == b.device->name && a.device->type == b.device->type &&
                            a.device->driver == b.device->driver && a.device->memory_bytes == b.device->memory_bytes)));
    compare("memory",
            a.memory.has_value() == b.memory.has_value() &&
                (!a.memory ||
                 (a.memory->weights_bytes == b.memory->weights_bytes && a.memory->kv_bytes == b.memory->kv_bytes &&
                  a.memory->kv_bytes_per_token == b.memory->kv_bytes_per_token &&
                  a.memory->workspace_bytes == b.memory->workspace_bytes && a.memory->context == b.memory->context &&
                  a.memory->kv_type == b.memory->kv_type)));
    compare("ledger", a.ledger.has_value() == b.ledger.has_value() &&
                          (!a.ledger || ledgerText(*a.ledger) == ledgerText(*b.ledger)));
    compare("system prompt", a.system_prompt == b.system_prompt);
    compare("messages",
            a.messages.size() == b.messages.size() &&
                std::equal(a.messages.begin(), a.messages.end(), b.messages.begin(), [](const auto& x, const auto& y) {
                    return messageText(x) == messageText(y) && x.sampling == y.sampling &&
                           x.recipe.intervention == y.recipe.intervention;
                }));
    compare("tokens", a.tokens.size() == b.tokens.size() &&
                          std::equal(a.tokens.begin(), a.tokens.end(), b.tokens.begin(),
                                     [](const auto& x, const auto& y) { return isSame(*x, *y); }));
    compare("steps", std::equal(a.steps.begin(), a.steps.end(), b.steps.begin(), b.steps.end(),
                                [](const auto& x, const auto& y) { return stepText(*x) == stepText(*y); }));
    compare("notes", a.notes == b.notes);
    compare("bookmarks", a.bookmarks == b.bookmarks);
    return differences.join(QStringLiteral(", "));
}

} // namespace moescope::exchange::testing
