// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/model/safetensors.h"

#include <vector>

namespace moescope::model {

inline constexpr uint64_t mxfp4Weights = 32; ///< of a block of MXFP4, which share a scale
inline constexpr uint64_t mxfp4Nibbles = 16; ///< bytes that hold them

/** Rows that are taken from one tensor of the folder. The defaults take rows as they lie; a transposed matrix has the
 *  longer step between the weights of a row. MXFP4 lies in two tensors, and its rows are taken as they lie or with a step
 *  between them; width and steps are whole blocks then. */
struct RowRun {
    const SafeTensor* tensor = nullptr;
    const SafeTensor* scales = nullptr; ///< of MXFP4, whose nibbles `tensor` holds
    uint64_t first = 0;                 ///< weight where the first row begins
    uint64_t rows = 0;
    uint64_t width = 0;
    uint64_t row_step = 0;    ///< weights from one row to the next
    uint64_t weight_step = 1; ///< weights from one of a row to the next
    uint64_t head = 0;        ///< if not 0: in each so many rows, those of the first and second half take turns
    float plus = 0;           ///< added to each weight
};

/** Decodes `count` rows from the `row`-th on into `out`, [count × width]. `scratch` is working memory. Nothing beyond
 *  the tensor is read: the run's last weight must lie in it. */
void readRows(const RowRun& run, uint64_t row, uint64_t count, std::span<float> out, std::vector<float>& scratch);

/** The same rows of MXFP4 as GGUF has its blocks, into `out`: no weight changes. */
void readMxfp4(const RowRun& run, uint64_t row, uint64_t count, std::vector<uint8_t>& out);

} // namespace moescope::model
