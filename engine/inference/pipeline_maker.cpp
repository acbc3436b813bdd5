// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/pipeline_maker.h"

#include <algorithm>
#include <system_error>

namespace moescope::inference {

namespace {

// Two even on one core: the caller's thread waits for the file now and then, and helps in finish().
uint32_t threadCount(size_t pipelines) {
    const uint32_t wanted = std::clamp(std::thread::hardware_concurrency(), 2U, 4U);
    return static_cast<uint32_t>(std::min<size_t>(wanted, pipelines));
}

} // namespace

PipelineMaker::PipelineMaker(std::vector<const vulkan::ComputePipeline*> pipelines)
    : m_pipelines(std::move(pipelines)) {
    const uint32_t count = threadCount(m_pipelines.size());
    m_threads.reserve(count);
    try {
        for (uint32_t i = 0; i < count; ++i) {
            m_threads.emplace_back([this] { work(); });
        }
    } catch (const std::system_error&) { // the system has no more threads to give: finish() does what is left
    }
}

PipelineMaker::~PipelineMaker() {
    m_stopped = true;
    join();
}

void PipelineMaker::finish() {
    work();
    join();
    if (m_error) {
        std::rethrow_exception(m_error);
    }
}

void PipelineMaker::work() {
    try {
        while (!m_stopped) {
            const size_t index = m_next++;
            if (index >= m_pipelines.size()) {
                return;
            }
            m_pipelines[index]->make();
        }
    } catch (...) {
        m_stopped = true;
        const std::scoped_lock lock(m_errorMutex);
        if (!m_error) {
            m_error = std::current_exception();
        }
    }
}

void PipelineMaker::join() {
    for (std::thread& thread : m_threads) {
        thread.join();
    }
    m_threads.clear();
}

} // namespace moescope::inference
