// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/inference/device_weights.h"

#include <string>
#include <vector>

namespace moescope::inference {

/** Consecutive rows of a tensor; of a stack of experts, all of them. */
struct TensorRows {
    const gguf::TensorInfo* tensor = nullptr;
    uint64_t first = 0;
    uint64_t count = 0;
};

class RowStream;

/** Streams tensors from a file to buffers of a device: checks them, lays their rows out, tells how far it is. Of
 *  matrices the host never holds more than a few MiB, of values() what it returns beside that. Its errors are those of DeviceWeights. */
class WeightUploader {
public:
    using Progress = std::function<bool(uint64_t done, uint64_t total)>;

    /** `group`: groupRows() of all matrices. */
    WeightUploader(vulkan::Device& device, const gguf::Reader& file, uint32_t group, const Progress& progress);

    Matrix matrix(const std::string& name) { return matrixOf({wholeOf(name)}); }
    Matrix optionalMatrix(const std::string& name);
    /** `count` rows of a matrix, from `first` on. */
    Matrix rowsOf(const std::string& name, uint64_t first, uint64_t count);
    /** Tensors of one width and type, their rows one below the other. */
    Matrix joined(const std::vector<std::string>& names);
    /** Tensors of one width, their rows one below the other, in as few matrices as types and device allow: each costs a
     *  dispatch a token. */
    std::vector<Matrix> stacked(const std::vector<std::string>& names);

    /** All values of a tensor, decoded. */
    std::vector<float> values(const std::string& name);
    /** Those of several tensors, one after the other. */
    std::vector<float> values(const std::vector<std::string>& names);
    Vector vector(const std::string& name) { return vector(name, values(name)); }
    Vector vector(const std::string& name, std::vector<float> decoded);

    /** On the device, so far. */
    const WeightUse& use() const { return m_use; }

private:
    TensorRows wholeOf(const std::string& name) const;
    /** `parts`: at least one, of one type and width. */
    Matrix matrixOf(const std::vector<TensorRows>& parts);
    /** Reads, checks and lays out the rows of one part. */
    void fill(RowStream& out, const TensorRows& part);
    /** Bytes that kernels can bind of a matrix. */
    uint64_t largestMatrix() const;
    void checkRange(const std::string& name, uint64_t bytes, uint64_t most) const;
    std::unique_ptr<vulkan::Buffer> buffer(const std::string& name, uint64_t bytes);
    void advance(uint64_t bytes);

    vulkan::Device& m_device;
    const gguf::Reader& m_file;
    uint32_t m_group;
    const Progress& m_progress;
    uint64_t m_total = 0;
    uint64_t m_done = 0;
    WeightUse m_use;
};

} // namespace moescope::inference
