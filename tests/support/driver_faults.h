// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

namespace moescope::test {

/** A driver that fails: stands between the engine and three of the driver's functions, so that code above the Vulkan layer
 *  meets what a real device does to it. For one process, from any thread. Make it after a vulkan::Device was made once,
 *  because that is when the driver's functions are taken; the driver's own are back when it goes. */
class DriverFaults {
public:
    DriverFaults();
    ~DriverFaults();
    DriverFaults(const DriverFaults&) = delete;
    DriverFaults& operator=(const DriverFaults&) = delete;

    /** The allocation after the next `after` ones finds no memory, once. */
    void failAllocation(uint32_t after);
    /** The submission after the next `after` ones finds the device lost, once: devices made anew work. */
    void loseDevice(uint32_t after);
    /** Each submission takes so much longer from here on: an answer then lasts, however fast the device is. */
    void slowSubmissions(std::chrono::milliseconds by);
    /** The pipeline after the next `after` ones finds no memory of the host, once. */
    void failPipeline(uint32_t after);
    /** After the next `after` pipelines any thread but this that makes one is held in the driver until it is let through.
     *  Pipelines of this thread, and one that is to fail, are neither held nor counted. */
    void holdPipelines(uint32_t after);
    /** Waits until so many threads are held; after a minute holds no more and throws std::runtime_error. */
    void waitUntilHeld(uint32_t threads);
    void letThrough(uint32_t pipelines);
    /** Lets all through from here on. */
    void holdNoMore();
    uint64_t allocations() const; ///< so far, failed ones too
    uint64_t submissions() const;
    uint64_t pipelines() const;
    uint64_t pipelinesUnderWay() const; ///< that threads are at now, held or not
};

/** While it lives, held pipelines are let through one by one, each after twice the time (up to a quarter of a second). What
 *  another thread does to end their making thus comes in time, however little of the machine that thread gets. */
class Trickle {
public:
    explicit Trickle(DriverFaults& driver);
    ~Trickle();
    Trickle(const Trickle&) = delete;
    Trickle& operator=(const Trickle&) = delete;

private:
    std::mutex m_mutex;
    std::condition_variable m_changed;
    bool m_over = false;
    std::thread m_thread;
};

} // namespace moescope::test
