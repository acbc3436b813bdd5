// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/tuning.h"

#include "engine/gguf/atomic_file.h"
#include "engine/inference/kernel_parts.h"
#include "engine/inference/kernels.h"
#include "engine/inference/weight_layout.h"
#include "engine/trace/error.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <string>

namespace moescope::inference {

namespace {

constexpr uint32_t width = 2048;             // of a row, as many models' experts have it
constexpr uint64_t matrixBytes = 8ULL << 20; // of what one token reads of them in a layer
constexpr double clearlyFaster = 0.97;       // of the time of what is taken otherwise
constexpr uint32_t runs = 3;
constexpr size_t mostLines = 1000; ///< of a file that is read

/** Matrices of zeros, more together than a cache holds. */
class Trial {
public:
    Trial(vulkan::Device& device, gguf::TensorType type, uint64_t bytes)
        : m_device(device), m_recorder(device, "tuning"),
          m_x(device, width * sizeof(float), vulkan::MemoryKind::DeviceLocal, "tuning x") {
        const uint32_t words = rowWords(type, width);
        const auto rows = static_cast<uint32_t>(std::min(matrixBytes, bytes) / (uint64_t{words} * 16));
        m_y = std::make_unique<vulkan::Buffer>(device, uint64_t{stride(rows)} * sizeof(float),
                                               vulkan::MemoryKind::DeviceLocal, "tuning y");
        const uint64_t each = layoutBytes(type, width, rows);
        for (uint64_t made = 0; made < bytes; made += each) {
            Matrix& matrix = m_matrices.emplace_back();
            matrix.buffer =
                std::make_unique<vulkan::Buffer>(device, each, vulkan::MemoryKind::DeviceLocal, "tuning weights");
            matrix.type = type;
            matrix.width = width;
            matrix.rows = rows;
            matrix.row_words = words;
        }
    }

    /** Milliseconds of all matrices; unset where the device has no timestamps. */
    std::optional<double> ms(const MatvecCut& cut) {
        Kernels kernels(m_device, {.texels = false});
        kernels.cutMatvec(cut);
        m_recorder.begin();
        m_recorder.timestamp();
        for (const Matrix& matrix : m_matrices) {
            kernels.matvec(m_recorder, matrix, m_x, *m_y, {.norm = &m_x, .epsilon = 1}); // as most are in a step
            m_recorder.barrier();
        }
        m_recorder.timestamp();
        m_recorder.end();
        m_recorder.submitAndWait(); // clocks rise, and a driver may compile
        std::optional<double> least;
        for (uint32_t run = 0; run < runs; ++run) {
            m_recorder.submitAndWait();
            const std::vector<double> at = m_recorder.timestampsMs();
            if (at.size() != 2) {
                return std::nullopt;
            }
            least = std::min(least.value_or(at[1]), at[1]);
        }
        return least;
    }

private:
    vulkan::Device& m_device;
    vulkan::CommandRecorder m_recorder;
    vulkan::Buffer m_x;
    std::unique_ptr<vulkan::Buffer> m_y;
    std::vector<Matrix> m_matrices;
};

/** One part of the cut after the other, from the default on: each of its values with the best of the others. */
std::optional<MatvecCut> measuredCut(vulkan::Device& device, gguf::TensorType type, uint32_t most_rows,
                                     uint64_t bytes) {
    Trial trial(device, type, bytes);
    MatvecCut best = defaultCut(device.limits());
    std::optional<double> least = trial.ms(best);
    if (!least) {
        return std::nullopt;
    }
    const std::vector<MatvecCut> cuts = possibleCuts(device.limits(), most_rows);
    for (uint32_t MatvecCut::*part : {&MatvecCut::rows, &MatvecCut::lanes, &MatvecCut::workgroup}) {
        const MatvecCut from = best;
        for (const MatvecCut& cut : cuts) {
            MatvecCut alike = cut;
            alike.*part = from.*part;
            if (!(alike == from) || cut == from) {
                continue;
            }
            const std::optional<double> ms = trial.ms(cut);
            if (ms && *ms < clearlyFaster * *least) {
                least = ms;
                best = cut;
            }
        }
    }
    return best;
}

using Lines = std::vector<std::pair<std::string, MatvecCut>>; ///< type and cut

/** What of the file can be used: it may say anything. */
Lines readLines(const std::filesystem::path& file, const std::vector<MatvecCut>& possible) {
    Lines lines;
    std::error_code error;
    if (!std::filesystem::is_regular_file(file, error)) {
        return lines;
    }
    std::ifstream in(file);
    std::string text;
    for (size_t line = 0; line < mostLines && std::getline(in, text); ++line) {
        std::istringstream words(text);
        std::string type;
        MatvecCut cut;
        if (words >> type >> cut.workgroup >> cut.lanes >> cut.rows &&
            std::find(possible.begin(), possible.end(), cut) != possible.end()) {
            lines.emplace_back(type, cut);
        }
    }
    return lines;
}

void writeLines(const std::filesystem::path& file, const Lines& lines) {
    std::string text;
    for (const auto& [type, cut] : lines) {
        text += type + ' ' + std::to_string(cut.workgroup) + ' ' + std::to_string(cut.lanes) + ' ' +
                std::to_string(cut.rows) + '\n';
    }
    try {
        std::filesystem::create_directories(file.parent_path());
        gguf::AtomicFile out(file);
        out.write(std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
        out.commit();
    } catch (const std::exception&) { // measured again next time
    }
}

} // namespace

MatvecCut defaultCut(const vulkan::Limits& limits) {
    return {.workgroup = std::max<uint32_t>(64, limits.subgroup_size),
            .lanes = std::min<uint32_t>(32, limits.subgroup_size),
            .rows = 4};
}

std::vector<MatvecCut> possibleCuts(const vulkan::Limits& limits, uint32_t most_rows) {
    std::vector<MatvecCut> cuts;
    const uint32_t most = std::min<uint32_t>(256, limits.max_workgroup_invocations);
    for (uint32_t workgroup = std::max<uint32_t>(32, limits.subgroup_size); workgroup <= most; workgroup *= 2) {
        for (uint32_t lanes = std::min<uint32_t>(4, limits.subgroup_size); lanes <= limits.subgroup_size; lanes *= 2) {
            for (const uint32_t rows : {1U, 2U, 4U, 8U}) {
                if (ceilDiv(most_rows, workgroup / lanes * rows) <= limits.max_groups) {
                    cuts.push_back({workgroup, lanes, rows});
                }
            }
        }
    }
    return cuts;
}

gguf::TensorType mostBytesType(const gguf::Reader& file) {
    std::map<gguf::TensorType, uint64_t> bytes;
    for (const gguf::TensorInfo& tensor : file.tensors()) {
        bytes[tensor.type] += tensor.bytes;
    }
    return std::max_element(bytes.begin(), bytes.end(),
                            [](const auto& a, const auto& b) { return a.second < b.second; })
        ->first;
}

MatvecCut tunedCut(vulkan::Device& device, gguf::TensorType type, uint32_t most_rows, uint64_t bytes) {
    const std::filesystem::path file = device.cacheFile("matvec-cuts", ".txt");
    if (file.empty()) {
        return defaultCut(device.limits());
    }
    const std::string name(gguf::typeName(type));
    Lines lines = readLines(file, possibleCuts(device.limits(), most_rows));
    const auto known =
        std::find_if(lines.begin(), lines.end(), [&name](const auto& line) { return line.first == name; });
    if (known != lines.end()) {
        return known->second;
    }
    const uint64_t room = device.freeBytes() / 2;
    std::optional<MatvecCut> cut;
    try {
        if (room >= matrixBytes) {
            cut = measuredCut(device, type, most_rows, std::min(bytes, room));
        }
    } catch (const trace::Error&
                 error) { // what is free may be in heaps that these buffers cannot use, or go to others meanwhile
        if (error.id() != "vulkan.memory" && error.id() != "vulkan.memory_call") {
            throw;
        }
    }
    if (!cut) {
        return defaultCut(device.limits());
    }
    lines.emplace_back(name, *cut);
    writeLines(file, lines);
    return *cut;
}

} // namespace moescope::inference
