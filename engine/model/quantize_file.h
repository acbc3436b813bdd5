// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/model/convert.h"
#include "engine/model/hugging_face.h"

namespace moescope::model {

struct QuantizeOptions {
    gguf::TensorType type = gguf::TensorType::Q8_0;
    /** Called with bytes done and in all; returns false to cancel. */
    std::function<bool(uint64_t done, uint64_t total)> progress;
};

/** How `quantize` takes a tensor of any GGUF file: for the families that are known here, as expectedTensors() has it.
 *  Judged by name and shape, and the counts that the metadata states: what is no weight of a matrix stays F32. */
ExpectedTensor expectedFromFile(const gguf::Reader& file, const gguf::TensorInfo& tensor);

/** GGUF → GGUF with its matrices in another type (F32 is one), streaming: a few MiB of weights are in memory at a time.
 *  Types of tensors are those of convert(); one that has its type already is copied byte for byte. Metadata is copied but
 *  for general.file_type and general.quantization_version, which are set, and the keys quantize.*, which tell of the
 *  input. Errors as convert()'s; the target then stays as it was. */
ConvertResult quantizeFile(const std::filesystem::path& source, const std::filesystem::path& target,
                           const QuantizeOptions& options);

} // namespace moescope::model
