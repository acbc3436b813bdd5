// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/decoder.h"

#include "engine/trace/error.h"
#include "shaders/common/sampling.h"

#include <algorithm>

namespace moescope::inference {

namespace {

constexpr double mostWaitMs = 40; ///< for the steps in flight when a cancel is heard, which shall be over within 50

} // namespace

Decoder::Decoder(Transformer& transformer, Sampler& sampler, uint32_t token_count, const Options& options)
    : m_transformer(transformer), m_sampler(sampler), m_tokenCount(token_count), m_options(options) {
    m_options.on_device = options.on_device && sampler.fitsDevice();
}

Decoder::~Decoder() {
    try {
        end();
    } catch (const trace::Error&) { // on the way of another one, which says what is wrong
    }
}

int32_t Decoder::token(const PassOptions& pass) {
    if (!m_options.on_device) {
        return m_token = m_sampler.choose(m_transformer.logits(), m_tokenCount, m_options.position + m_finished);
    }
    if (m_finished == 0) {
        m_sample = m_transformer.beginSampling(m_sampler.deviceState(m_tokenCount), m_options.position, pass);
    }
    if (m_sample.refused != shaders::SAMPLER_NONE) {
        throwNoLogit(m_sample.refused);
    }
    return m_token = static_cast<int32_t>(m_sample.token);
}

uint32_t Decoder::inFlightAtMost() const {
    if (m_options.most_in_flight != 0) {
        return std::min(m_options.most_in_flight, mostStepsInFlight);
    }
    return m_stepMs == 0 ? 1 : static_cast<uint32_t>(std::clamp<double>(mostWaitMs / m_stepMs, 1, mostStepsInFlight));
}

void Decoder::begin(const PassOptions& pass, bool alone) {
    if (m_finished == m_submitted) {
        m_since = Clock::now();
    }
    if (!m_options.on_device) {
        if (m_finished == 0) {
            m_transformer.prepareDecode(pass);
        }
        m_transformer.submitToken(m_token, m_options.position + m_finished, pass);
        ++m_submitted;
        return;
    }
    const uint32_t ahead = alone ? 1 : inFlightAtMost();
    while (m_submitted < std::min(m_finished + ahead, m_options.most_steps)) {
        try {
            m_transformer.submitStep(pass);
        } catch (const trace::Error& error) {
            if (m_submitted == m_finished || error.id() != "vulkan.memory") {
                throw;
            }
            m_options.most_in_flight = m_submitted - m_finished; // another step's buffers do not fit
            return;
        }
        ++m_submitted;
    }
}

bool Decoder::finish(const PassOptions& pass) {
    const std::optional<StepSample> sample = m_transformer.finishStep(pass);
    if (!sample) {
        return false;
    }
    m_sample = *sample;
    ++m_finished;
    const Clock::time_point now = Clock::now();
    const double ms = std::chrono::duration<double, std::milli>(now - m_since).count();
    m_since = now;
    m_stepMs = m_stepMs == 0 ? ms : 0.8 * m_stepMs + 0.2 * ms;
    return true;
}

} // namespace moescope::inference
