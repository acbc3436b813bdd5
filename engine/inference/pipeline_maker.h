// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/vulkan/compute_pipeline.h"

#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace moescope::inference {

/** Makes pipelines on threads of its own while the caller's does something else. */
class PipelineMaker {
public:
    /** Begins with the first of them; all must outlive it. */
    explicit PipelineMaker(std::vector<const vulkan::ComputePipeline*> pipelines);
    /** Waits for those that are under way and begins no more. */
    ~PipelineMaker();
    PipelineMaker(const PipelineMaker&) = delete;
    PipelineMaker& operator=(const PipelineMaker&) = delete;

    /** Makes what is left, on this thread too, and waits until all are made. Throws what the first that failed threw; no
     *  thread runs then. */
    void finish();

private:
    void work();
    void join();

    std::vector<const vulkan::ComputePipeline*> m_pipelines;
    std::atomic<size_t> m_next = 0;
    std::atomic<bool> m_stopped = false; ///< after a failure, or when it goes
    std::mutex m_errorMutex;
    std::exception_ptr m_error; ///< the first
    std::vector<std::thread> m_threads;
};

} // namespace moescope::inference
