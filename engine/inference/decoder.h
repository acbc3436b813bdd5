// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/inference/sampler.h"
#include "engine/inference/transformer.h"

#include <chrono>

namespace moescope::inference {

/** The tokens of one answer, one after the other, behind a prefill that left the logits of its last token. Either the host
 *  samples each of them, or the device does and goes on by itself: then several steps are in flight, and those behind the answer's
 *  end are computed for nothing. Which of both, and how many steps, changes no token. */
class Decoder {
public:
    struct Options {
        bool on_device = false;      ///< the device samples; only where the sampler fits it
        uint32_t most_in_flight = 0; ///< steps; 0: as many as leave a cancel heard in time, at most mostStepsInFlight
        uint32_t most_steps = 0;     ///< that will be asked for
        uint32_t position = 0;       ///< of the first token
    };

    Decoder(Transformer& transformer, Sampler& sampler, uint32_t token_count, const Options& options);
    ~Decoder();
    Decoder(const Decoder&) = delete;
    Decoder& operator=(const Decoder&) = delete;

    bool isOnDevice() const { return m_options.on_device; }
    /** The next token, once before each step. `pass`: as for begin(). Throws trace::Error{sampler.nan}. */
    int32_t token(const PassOptions& pass);
    /** Whether the step of token() can be timed: none is in flight yet. */
    bool isIdle() const { return m_transformer.stepsInFlight() == 0; }
    /** Lets the device begin with token(), and unless it shall be `alone` with those behind it as far as it can. What is told of
     *  the token by the logits before it must be told before finish(), but may be told while the device computes. */
    void begin(const PassOptions& pass, bool alone);
    /** token() is in the KV cache, and what `pass` asks for is the transformer's to tell; the token behind it is the next. False:
     *  cancelled, and nothing of it. */
    bool finish(const PassOptions& pass);
    /** Waits for steps that nobody will ask for. */
    void end() { m_transformer.abandonSteps(); }

private:
    using Clock = std::chrono::steady_clock;
    uint32_t inFlightAtMost() const;

    Transformer& m_transformer;
    Sampler& m_sampler;
    uint32_t m_tokenCount;
    Options m_options;
    int32_t m_token = 0;
    StepSample m_sample;                      ///< what the last step left
    uint32_t m_submitted = 0, m_finished = 0; ///< steps
    double m_stepMs = 0;                      ///< of the steps so far, the later ones more; 0: none yet
    Clock::time_point m_since;                ///< when the last step was over
};

} // namespace moescope::inference
