// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

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
    /** The pipeline after the next `after` ones finds no memory of the host, once. */
    void failPipeline(uint32_t after);
    uint64_t allocations() const; ///< so far, failed ones too
    uint64_t submissions() const;
    uint64_t pipelines() const;
};

} // namespace moescope::test
