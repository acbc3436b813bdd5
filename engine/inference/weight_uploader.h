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

/** Makes buffers of a device for the tensors of a file, all of them before the first is filled, and then streams the
 *  tensors there: checks them, lays their rows out, tells how far it is. Of matrices the host never holds more than a few
 *  MiB, of values() what it returns beside that. Its errors are those of DeviceWeights. */
class WeightUploader {
public:
    using Progress = std::function<bool(uint64_t done, uint64_t total)>;

    /** `group`: groupRows() of all matrices. `file` must outlive it. */
    WeightUploader(vulkan::Device& device, const gguf::Reader& file, uint32_t group);

    Matrix matrix(const std::string& name) { return matrixOf({wholeOf(name)}); }
    Matrix optionalMatrix(const std::string& name);
    /** `count` rows of a matrix, from `first` on. */
    Matrix rowsOf(const std::string& name, uint64_t first, uint64_t count);
    /** Tensors of one width and type, their rows one below the other. */
    Matrix joined(const std::vector<std::string>& names);
    /** Tensors of one width, their rows one below the other, in as few matrices as types and device allow: each costs a
     *  dispatch a token. */
    std::vector<Matrix> stacked(const std::vector<std::string>& names);

    Vector vector(const std::string& name) { return vector(name, {name}); }
    /** The values of several tensors, one after the other. */
    Vector vector(const std::string& name, const std::vector<std::string>& tensors);
    /** Those of `a` times those of `b`, one by one: two tensors of one size. */
    Vector product(const std::string& name, const std::string& a, const std::string& b);

    /** All values of a tensor, decoded, at once. */
    std::vector<float> values(const std::string& name);

    /** Fills all that was made so far, which must still be there. `progress`: bytes of the file read so far, and all of
     *  them; false cancels. */
    void upload(const Progress& progress);

    /** On the device. */
    const WeightUse& use() const { return m_use; }

private:
    TensorRows wholeOf(const std::string& name) const;
    /** `parts`: at least one, of one type and width. */
    Matrix matrixOf(const std::vector<TensorRows>& parts);
    /** `decode` is called when it is filled, and gives `floats` values. */
    Vector vectorOf(const std::string& name, uint64_t floats, std::function<std::vector<float>()> decode);
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
    std::vector<std::function<void()>> m_fills; ///< one a buffer, in the order in which they were made
    Progress m_progress;                        ///< none before upload()
    uint64_t m_total = 0;
    uint64_t m_done = 0;
    WeightUse m_use;
};

} // namespace moescope::inference
