// SPDX-License-Identifier: Apache-2.0
#include "engine/model/row_run.h"

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

} // namespace

void readRows(const RowRun& run, uint64_t row, uint64_t count, std::span<float> out, std::vector<float>& scratch) {
    if (run.head == 0 && run.weight_step == 1 && run.row_step == run.width) {
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
