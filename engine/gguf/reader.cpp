// SPDX-License-Identifier: Apache-2.0
#include "engine/gguf/reader.h"

#include "engine/gguf/file_text.h"
#include "engine/gguf/header_parser.h"
#include "engine/gguf/split_files.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <type_traits>

namespace moescope::gguf {

namespace {

trace::Error valueError(const std::filesystem::path& path, std::string_view key, const Value& found,
                        std::string_view needed) {
    return trace::Error("gguf.value", "The entry “{key}” of the file “{file}” is {found}, but must be {needed}.",
                        {{"key", std::string(key)},
                         {"file", shownName(path)},
                         {"found", describe(found)},
                         {"needed", std::string(needed)}});
}

const Value* lookUp(const std::map<std::string, Value>& metadata, std::string_view key) {
    const auto at = metadata.find(std::string(key));
    return at == metadata.end() ? nullptr : &at->second;
}

bool fitsU32(uint64_t number) { return number <= std::numeric_limits<uint32_t>::max(); }
bool fitsU32(int64_t number) { return number >= 0 && fitsU32(static_cast<uint64_t>(number)); }

/** False for NaN too. */
bool fitsF32(double number) { return std::fabs(number) <= double{std::numeric_limits<float>::max()}; }

/** The numbers as u32, or nothing if one does not fit. */
template <typename Number>
std::optional<std::vector<uint32_t>> narrow(const std::vector<Number>& numbers) {
    std::vector<uint32_t> narrowed;
    narrowed.reserve(numbers.size());
    for (const Number number : numbers) {
        if (!fitsU32(number)) {
            return std::nullopt;
        }
        narrowed.push_back(static_cast<uint32_t>(number));
    }
    return narrowed;
}

} // namespace

uint64_t TensorInfo::elements() const {
    uint64_t product = 1;
    for (const uint64_t size : shape) {
        product *= size;
    }
    return product;
}

Reader::Reader(const std::filesystem::path& path) {
    m_files.push_back(std::make_unique<MappedFile>(path));
    Header header = parseHeader(*m_files.front());
    m_metadata = std::move(header.metadata);
    m_entries = std::move(header.entries);
    m_tensors = std::move(header.tensors);
    openParts();
    for (size_t i = 0; i < m_tensors.size(); ++i) {
        const auto [at, fresh] = m_index.emplace(m_tensors[i].name, i);
        if (!fresh) {
            throw twiceError(m_files[m_tensors[at->second].part]->path(), m_files[m_tensors[i].part]->path(),
                             m_tensors[i].name);
        }
    }
}

std::vector<std::filesystem::path> Reader::files() const {
    std::vector<std::filesystem::path> paths;
    for (const auto& file : m_files) {
        paths.push_back(file->path());
    }
    return paths;
}

uint64_t Reader::fileBytes() const {
    uint64_t bytes = 0;
    for (const auto& file : m_files) {
        bytes += file->size();
    }
    return bytes;
}

/** Opens the other files of a model in several. */
void Reader::openParts() {
    const uint32_t count = u32(splitCount).value_or(1);
    if (count > 1) {
        const uint32_t number = u32(splitNumber).value_or(0);
        const std::filesystem::path first = partPath(path(), number, count, 0);
        if (number != 0) {
            throw notFirstError(path(), first, number, count);
        }
        const std::optional<uint32_t> tensors = u32(splitTensors);
        if (!tensors) {
            throw unstatedError(path());
        }
        for (uint32_t part = 1; part < count; ++part) {
            const std::filesystem::path other = partPath(path(), 0, count, part);
            std::error_code error;
            if (!std::filesystem::exists(other, error)) {
                throw missingPartError(path(), other, count);
            }
            addPart(std::make_unique<MappedFile>(other), part, count, *tensors);
        }
        if (m_tensors.size() != *tensors) {
            throw tensorCountError(path(), m_tensors.size(), *tensors);
        }
    }
    for (const std::string_view key : {splitCount, splitNumber, splitTensors}) {
        m_metadata.erase(std::string(key));
        std::erase_if(m_entries, [&](const EntryPlace& entry) { return entry.key == key; });
    }
}

/** `tensors`: in all parts together. What is not this model's part is refused before its tensors are kept. */
void Reader::addPart(std::unique_ptr<MappedFile> file, uint32_t number, uint32_t count, uint64_t tensors) {
    Header header = parseHeader(*file);
    requireSameModel(path(), m_metadata, file->path(), header.metadata, number, count);
    if (header.tensors.size() > tensors - std::min<uint64_t>(tensors, m_tensors.size())) {
        throw tensorCountError(path(), m_tensors.size() + header.tensors.size(), tensors);
    }
    for (TensorInfo& tensor : header.tensors) {
        tensor.part = number;
        m_tensors.push_back(std::move(tensor));
    }
    m_files.push_back(std::move(file));
}

const TensorInfo* Reader::find(std::string_view name) const {
    const auto at = m_index.find(name);
    return at == m_index.end() ? nullptr : &m_tensors[at->second];
}

std::optional<std::string> Reader::text(std::string_view key) const {
    const Value* value = lookUp(m_metadata, key);
    if (value == nullptr) {
        return std::nullopt;
    }
    if (const auto* text = std::get_if<std::string>(value)) {
        return *text;
    }
    throw valueError(path(), key, *value, "a text");
}

std::optional<uint32_t> Reader::u32(std::string_view key) const {
    const Value* value = lookUp(m_metadata, key);
    if (value == nullptr) {
        return std::nullopt;
    }
    if (const auto* number = std::get_if<uint64_t>(value); number != nullptr && fitsU32(*number)) {
        return static_cast<uint32_t>(*number);
    }
    if (const auto* number = std::get_if<int64_t>(value); number != nullptr && fitsU32(*number)) {
        return static_cast<uint32_t>(*number);
    }
    throw valueError(path(), key, *value, "a whole number from 0 to 4,294,967,295");
}

std::optional<float> Reader::f32(std::string_view key) const {
    const Value* value = lookUp(m_metadata, key);
    if (value == nullptr) {
        return std::nullopt;
    }
    const auto* number = std::get_if<double>(value);
    if (number != nullptr && fitsF32(*number)) {
        return static_cast<float>(*number);
    }
    throw valueError(path(), key, *value, "a finite floating-point number");
}

std::optional<bool> Reader::boolean(std::string_view key) const {
    const Value* value = lookUp(m_metadata, key);
    if (value == nullptr) {
        return std::nullopt;
    }
    if (const auto* yes = std::get_if<bool>(value)) {
        return *yes;
    }
    throw valueError(path(), key, *value, "true or false");
}

const std::vector<std::string>* Reader::texts(std::string_view key) const {
    const Value* value = lookUp(m_metadata, key);
    if (value == nullptr) {
        return nullptr;
    }
    if (const auto* list = std::get_if<std::vector<std::string>>(value)) {
        return list;
    }
    throw valueError(path(), key, *value, "a list of texts");
}

std::optional<std::vector<uint32_t>> Reader::u32s(std::string_view key) const {
    const Value* value = lookUp(m_metadata, key);
    if (value == nullptr) {
        return std::nullopt;
    }
    std::optional<std::vector<uint32_t>> numbers;
    if (const auto* list = std::get_if<std::vector<uint64_t>>(value)) {
        numbers = narrow(*list);
    } else if (const auto* signedList = std::get_if<std::vector<int64_t>>(value)) {
        numbers = narrow(*signedList);
    }
    if (!numbers) {
        throw valueError(path(), key, *value, "a list of whole numbers from 0 to 4,294,967,295");
    }
    return numbers;
}

std::vector<uint8_t> Reader::readEntry(const EntryPlace& entry) const {
    std::vector<uint8_t> bytes(entry.bytes);
    m_files.front()->read(entry.offset, bytes);
    return bytes;
}

std::optional<std::vector<float>> Reader::f32s(std::string_view key) const {
    const Value* value = lookUp(m_metadata, key);
    if (value == nullptr) {
        return std::nullopt;
    }
    return std::visit(
        [&](const auto& list) -> std::vector<float> {
            using List = std::decay_t<decltype(list)>;
            if constexpr (std::is_same_v<List, std::vector<double>> || std::is_same_v<List, std::vector<int64_t>> ||
                          std::is_same_v<List, std::vector<uint64_t>>) {
                const auto fits = [](auto number) {
                    const auto real = static_cast<double>(number);
                    return !std::isfinite(real) || fitsF32(real);
                };
                if (std::all_of(list.begin(), list.end(), fits)) {
                    std::vector<float> out(list.size());
                    std::transform(list.begin(), list.end(), out.begin(),
                                   [](auto number) { return static_cast<float>(number); });
                    return out;
                }
            }
            throw valueError(path(), key, *value, "a list of 32-bit numbers");
        },
        *value);
}

void Reader::read(const TensorInfo& tensor, uint64_t offset, std::span<uint8_t> out) const {
    if (offset > tensor.bytes || out.size() > tensor.bytes - offset) {
        throw std::out_of_range("read past the end of tensor " + tensor.name);
    }
    m_files.at(tensor.part)->read(tensor.offset + offset, out);
}

} // namespace moescope::gguf
