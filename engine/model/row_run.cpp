// SPDX-License-Identifier: Apache-2.0
#include "engine/model/row_run.h"

#include "engine/gguf/tensor_type.h"

namespace moescope::model {

namespace {

/** Place of a row in the tensor: rows of a head that turned by halves turn with their neighbours. */
uint64_t sourceRow(const RowRun& run, uint64_t row) {
    if (run.head == 0) {
        return row;
    }
    const uint64_t inHead = row % run.head;
    return row - inHead + inHead % 2 * (run.head / 2) + inHead / 2;
}

void readByRows(const RowRun& run, uint64_t row, uint64_t count, std::span<float> out, std::vector<float>& scratch) {
    scratch.resize((run.width - 1) * run.weight_step + 1);
    for (uint64_t r = 0; r < count; ++r) {
        const uint64_t at = run.first + sourceRow(run, row + r) * run.row_step;
        const std::span<float> target = out.subspan(r * run.width, run.width);
        if (run.weight_step == 1) {
            readWeights(*run.tensor, at, target);
            continue;
        }
        readWeights(*run.tensor, at, scratch);
        for (uint64_t i = 0; i < run.width; ++i) {
            target[i] = scratch[i * run.weight_step];
        }
    }
}

/** What lies together in the file is read together: the same weight of neighbouring rows. */
void readByColumns(const RowRun& run, uint64_t row, uint64_t count, std::span<float> out, std::vector<float>& scratch) {
    scratch.resize((count - 1) * run.row_step + 1);
    for (uint64_t i = 0; i < run.width; ++i) {
        readWeights(*run.tensor, run.first + row * run.row_step + i * run.weight_step, scratch);
        for (uint64_t r = 0; r < count; ++r) {
            out[r * run.width + i] = scratch[r * run.row_step];
        }
    }
}

/** Nibbles of a block where two neighbours share a byte, the first of them below, to GGUF's order, where a byte holds a
 *  weight of the first half of the block and one of the second. */
void reorderNibbles(const uint8_t* in, uint8_t* out) {
    const auto nibble = [in](size_t weight) -> unsigned {
        const unsigned pair = in[weight / 2];
        return weight % 2 == 0 ? pair & 15U : pair >> 4U;
    };
    for (size_t i = 0; i < mxfp4Nibbles; ++i) {
        out[i] = static_cast<uint8_t>(nibble(i) | nibble(i + mxfp4Nibbles) << 4U);
    }
}

} // namespace

void readMxfp4(const RowRun& run, uint64_t row, uint64_t count, std::vector<uint8_t>& out) {
    const uint64_t width = run.width / mxfp4Weights; // in blocks, as the step
    const uint64_t step = run.row_step / mxfp4Weights;
    const uint64_t first = run.first / mxfp4Weights + row * step;
    const uint64_t span = (count - 1) * step + width;
    std::vector<uint8_t> nibbles(span * mxfp4Nibbles);
    std::vector<uint8_t> scales(span);
    run.tensor->file->read(run.tensor->offset + first * mxfp4Nibbles, nibbles);
    run.scales->file->read(run.scales->offset + first, scales);
    out.resize(count * width * (1 + mxfp4Nibbles));
    uint8_t* target = out.data();
    for (uint64_t r = 0; r < count; ++r) {
        for (uint64_t block = r * step; block < r * step + width; ++block, target += 1 + mxfp4Nibbles) {
            target[0] = scales[block];
            reorderNibbles(nibbles.data() + block * mxfp4Nibbles, target + 1);
        }
    }
}

void readRows(const RowRun& run, uint64_t row, uint64_t count, std::span<float> out, std::vector<float>& scratch) {
    if (run.scales != nullptr) {
        std::vector<uint8_t> blocks;
        readMxfp4(run, row, count, blocks);
        gguf::dequantize(gguf::TensorType::MXFP4, blocks, out);
    } else if (run.head == 0 && run.weight_step == 1 && run.row_step == run.width) {
        readWeights(*run.tensor, run.first + row * run.width, out);
    } else if (run.head == 0 && run.row_step < run.weight_step) {
        readByColumns(run, row, count, out, scratch);
    } else {
        readByRows(run, row, count, out, scratch);
    }
    if (run.plus != 0) {
        for (float& weight : out) {
            weight += run.plus;
        }
    }
}

} // namespace moescope::model
