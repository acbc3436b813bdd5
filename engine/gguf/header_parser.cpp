// SPDX-License-Identifier: Apache-2.0
#include "engine/gguf/header_parser.h"

#include "engine/gguf/file_text.h"
#include "engine/gguf/header_source.h"

#include <algorithm>
#include <array>
#include <bit>
#include <set>

namespace moescope::gguf {

namespace {

constexpr uint64_t mostKeyBytes = 65535;
constexpr uint64_t mostNameBytes = 1024;
constexpr uint64_t mostKeys = 65536;
constexpr uint64_t mostTensors = uint64_t{1} << 20;
/** Length and one byte of a name, type, and a value of one byte. */
constexpr uint64_t leastKeyBytes = 8 + 1 + 4 + 1;
/** Length and one byte of a name, number of dimensions, one of them, type and offset. */
constexpr uint64_t leastTensorBytes = 8 + 1 + 4 + 8 + 4 + 8;

/** Types of metadata values, with GGUF's numbers. */
enum class ValueType : uint32_t { U8, I8, U16, I16, U32, I32, Float, Bool, Text, Array, U64, I64, Double };
constexpr uint32_t valueTypes = 13;
/** Least bytes of a value in the file. */
constexpr std::array<uint8_t, valueTypes> leastBytes{1, 1, 2, 2, 4, 4, 4, 1, 8, 12, 8, 8, 8};

/** ggml's names by number, for sentences about types that are not read; empty for numbers that were given up. */
constexpr std::array<std::string_view, 41> ggmlNames{
    "F32",   "F16",    "Q4_0",  "Q4_1", "",     "",        "Q5_0",   "Q5_1",    "Q8_0",  "Q8_1",   "Q2_K",
    "Q3_K",  "Q4_K",   "Q5_K",  "Q6_K", "Q8_K", "IQ2_XXS", "IQ2_XS", "IQ3_XXS", "IQ1_S", "IQ4_NL", "IQ3_S",
    "IQ2_S", "IQ4_XS", "I8",    "I16",  "I32",  "I64",     "F64",    "IQ1_M",   "BF16",  "",       "",
    "",      "TQ1_0",  "TQ2_0", "",     "",     "",        "MXFP4",  "NVFP4"};

std::string ggmlName(uint32_t number) {
    const std::string digits = std::to_string(number);
    return number < ggmlNames.size() && !ggmlNames[number].empty()
               ? std::string(ggmlNames[number]) + " (" + digits + ")"
               : digits;
}

class Parser {
public:
    explicit Parser(const MappedFile& file) : m_source(file), m_file(shownName(file.path())), m_bytes(file.size()) {}

    Header parse() {
        const auto [tensors, keys] = prologue();
        for (uint64_t i = 0; i < keys; ++i) {
            entry();
        }
        const uint64_t step = alignment();
        for (uint64_t i = 0; i < tensors; ++i) {
            tensor(step);
        }
        if (tensors > 0) {
            place(step);
        }
        return std::move(m_header);
    }

private:
    using Arguments = trace::Error::Arguments;

    [[noreturn]] void fail(std::string id, std::string_view pattern, Arguments more = {}) const {
        more.emplace_back("file", m_file);
        throw trace::Error(std::move(id), pattern, std::move(more));
    }

    /** Numbers of tensors and of metadata entries. */
    std::pair<uint64_t, uint64_t> prologue() {
        if (m_bytes == 0) {
            fail("gguf.empty", "The file “{file}” is empty. Download it again.");
        }
        std::array<char, 4> magic{};
        const uint64_t there = std::min<uint64_t>(m_bytes, magic.size());
        m_source.read(magic.data(), there);
        if (std::string_view(magic.data(), there) != std::string_view("GGUF", there)) {
            fail("gguf.magic",
                 "The file “{file}” is not a GGUF file: it does not begin with “GGUF”. Download it again, "
                 "or convert the model's Hugging Face folder.");
        }
        const auto version = m_source.get<uint32_t>();
        if (version == 1) {
            fail("gguf.version_1", "The file “{file}” is of GGUF version 1, which is no longer read. Convert the model "
                                   "again, to version 3.");
        }
        if (version != 0 && (version & 0xffffU) == 0) {
            fail("gguf.big_endian", "The file “{file}” is a big-endian GGUF file, made for another kind of machine. "
                                    "Download or convert the little-endian form.");
        }
        if (version != 2 && version != 3) {
            fail("gguf.version", "The file “{file}” is of GGUF version {version}, but only 2 and 3 are read.",
                 {{"version", std::to_string(version)}});
        }
        const auto tensors = m_source.get<uint64_t>();
        const auto keys = m_source.get<uint64_t>();
        if (tensors > mostTensors || tensors > m_source.remaining() / leastTensorBytes) {
            fail("gguf.tensor_count",
                 "The file “{file}” claims {count} tensors, more than it can hold. Download it again.",
                 {{"count", trace::grouped(tensors)}});
        }
        if (keys > mostKeys || keys > m_source.remaining() / leastKeyBytes) {
            fail("gguf.key_count",
                 "The file “{file}” claims {count} metadata entries, more than it can hold. Download it again.",
                 {{"count", trace::grouped(keys)}});
        }
        return {tensors, keys};
    }

    void entry() {
        std::string key = m_source.text(mostKeyBytes, "the name of a metadata entry");
        if (key.empty() || !isPlainName(key)) {
            fail("gguf.key", "The file “{file}” is damaged: the name of a metadata entry is empty or not valid UTF-8.");
        }
        const uint64_t begin = m_source.position();
        const ValueType type = valueType(key);
        Value value = type == ValueType::Array ? array(key) : scalar(key, type);
        const auto [at, fresh] = m_header.metadata.emplace(std::move(key), std::move(value));
        if (!fresh) {
            fail("gguf.duplicate_key", "The file “{file}” has the metadata entry “{key}” twice.", {{"key", at->first}});
        }
        m_header.entries.push_back({at->first, begin, m_source.position() - begin});
    }

    ValueType valueType(const std::string& key) {
        const auto number = m_source.get<uint32_t>();
        if (number >= valueTypes) {
            fail("gguf.value_kind", "The file “{file}” has the metadata entry “{key}” of unknown type {type}.",
                 {{"key", key}, {"type", std::to_string(number)}});
        }
        return static_cast<ValueType>(number);
    }

    bool boolean(const std::string& key) {
        const auto byte = m_source.get<uint8_t>();
        if (byte > 1) {
            fail("gguf.bool", "The file “{file}” is damaged: “{key}” should be 0 or 1, but is {value}.",
                 {{"key", key}, {"value", std::to_string(byte)}});
        }
        return byte == 1;
    }

    Value scalar(const std::string& key, ValueType type) {
        switch (type) {
        case ValueType::U8: return uint64_t{m_source.get<uint8_t>()};
        case ValueType::U16: return uint64_t{m_source.get<uint16_t>()};
        case ValueType::U32: return uint64_t{m_source.get<uint32_t>()};
        case ValueType::U64: return m_source.get<uint64_t>();
        case ValueType::I8: return int64_t{m_source.get<int8_t>()};
        case ValueType::I16: return int64_t{m_source.get<int16_t>()};
        case ValueType::I32: return int64_t{m_source.get<int32_t>()};
        case ValueType::I64: return m_source.get<int64_t>();
        case ValueType::Float: return double{m_source.get<float>()};
        case ValueType::Double: return m_source.get<double>();
        case ValueType::Bool: return boolean(key);
        default: return text(key);
        }
    }

    /** Tokens may be any bytes; all other texts are UTF-8. */
    std::string text(const std::string& key) {
        std::string value = m_source.text(UINT64_MAX, "“" + key + "”");
        if (!key.starts_with("tokenizer.ggml.") && !isUtf8(value)) {
            fail("gguf.utf8", "The file “{file}” is damaged: the text of “{key}” is not valid UTF-8.", {{"key", key}});
        }
        return value;
    }

    template <typename Stored, typename Kept>
    std::vector<Kept> numbers(uint64_t count) {
        std::vector<Kept> values;
        values.reserve(count);
        for (uint64_t i = 0; i < count; ++i) {
            values.push_back(m_source.get<Stored>());
        }
        return values;
    }

    Value array(const std::string& key) {
        const ValueType type = valueType(key);
        const auto count = m_source.get<uint64_t>();
        if (type == ValueType::Array) {
            fail("gguf.nested", "The file “{file}” has a list of lists in “{key}”, which is not read.", {{"key", key}});
        }
        if (count > m_source.remaining() / leastBytes[static_cast<size_t>(type)]) {
            fail("gguf.array_count",
                 "The file “{file}” claims {count} values in “{key}”, more than it can hold. Download it again.",
                 {{"count", trace::grouped(count)}, {"key", key}});
        }
        switch (type) {
        case ValueType::U8: return numbers<uint8_t, uint64_t>(count);
        case ValueType::U16: return numbers<uint16_t, uint64_t>(count);
        case ValueType::U32: return numbers<uint32_t, uint64_t>(count);
        case ValueType::U64: return numbers<uint64_t, uint64_t>(count);
        case ValueType::I8: return numbers<int8_t, int64_t>(count);
        case ValueType::I16: return numbers<int16_t, int64_t>(count);
        case ValueType::I32: return numbers<int32_t, int64_t>(count);
        case ValueType::I64: return numbers<int64_t, int64_t>(count);
        case ValueType::Float: return numbers<float, double>(count);
        case ValueType::Double: return numbers<double, double>(count);
        case ValueType::Bool: {
            std::vector<bool> values(count);
            for (uint64_t i = 0; i < count; ++i) {
                values[i] = boolean(key);
            }
            return values;
        }
        default: break;
        }
        std::vector<std::string> values;
        values.reserve(count);
        for (uint64_t i = 0; i < count; ++i) {
            values.push_back(text(key));
        }
        return values;
    }

    /** Of the tensors' data, in bytes. */
    uint64_t alignment() const {
        const auto at = m_header.metadata.find("general.alignment");
        if (at == m_header.metadata.end()) {
            return 32;
        }
        const auto* value = std::get_if<uint64_t>(&at->second);
        if (value == nullptr || !std::has_single_bit(*value) || *value < 8 || *value > 65536) {
            fail("gguf.alignment",
                 "The file “{file}” asks for an alignment of {value}; it must be a power of two from 8 to 65,536.",
                 {{"value", describe(at->second)}});
        }
        return *value;
    }

    /** One tensor's entry, its offset still from the start of the data. */
    void tensor(uint64_t step) {
        TensorInfo info;
        info.name = m_source.text(mostNameBytes, "the name of a tensor");
        if (info.name.empty() || !isPlainName(info.name)) {
            fail("gguf.tensor_name", "The file “{file}” is damaged: the name of a tensor is empty or not valid UTF-8.");
        }
        if (!m_names.insert(info.name).second) {
            fail("gguf.duplicate_tensor", "The file “{file}” has the tensor “{tensor}” twice.",
                 {{"tensor", info.name}});
        }
        const auto dimensions = m_source.get<uint32_t>();
        if (dimensions == 0 || dimensions > 4) {
            fail("gguf.dimensions",
                 "The file “{file}” gives its tensor “{tensor}” {count} dimensions; 1 to 4 are read.",
                 {{"tensor", info.name}, {"count", trace::grouped(dimensions)}});
        }
        uint64_t elements = 1;
        for (uint32_t i = 0; i < dimensions; ++i) {
            const auto size = m_source.get<uint64_t>();
            // 2⁵⁶ elements of 4 bytes still count in 64 bits.
            if (size == 0 || size > (uint64_t{1} << 56) / elements) {
                fail("gguf.shape", "The file “{file}” gives its tensor “{tensor}” a size that cannot be: {size}.",
                     {{"tensor", info.name}, {"size", trace::grouped(size)}});
            }
            elements *= size;
            info.shape.push_back(size);
        }
        const auto number = m_source.get<uint32_t>();
        info.type = static_cast<TensorType>(number);
        if (!isKnown(info.type)) {
            fail("gguf.tensor_type",
                 "The file “{file}” is not supported: tensor “{tensor}” has type {type}, which this version cannot "
                 "read.",
                 {{"tensor", info.name}, {"type", ggmlName(number)}});
        }
        const BlockShape block = blockShape(info.type);
        if (info.shape[0] % block.weights != 0) {
            fail("gguf.row",
                 "The file “{file}” is damaged: the rows of its tensor “{tensor}” have {row} weights, which is no "
                 "multiple of the {block} that {type} packs together.",
                 {{"tensor", info.name},
                  {"row", trace::grouped(info.shape[0])},
                  {"block", std::to_string(block.weights)},
                  {"type", std::string(typeName(info.type))}});
        }
        info.bytes = elements / block.weights * block.bytes;
        info.offset = m_source.get<uint64_t>();
        if (info.offset % step != 0) {
            fail("gguf.offset",
                 "The file “{file}” is damaged: the data of its tensor “{tensor}” begins at {offset}, which is no "
                 "multiple of {step}.",
                 {{"tensor", info.name}, {"offset", trace::grouped(info.offset)}, {"step", trace::grouped(step)}});
        }
        m_header.tensors.push_back(std::move(info));
    }

    /** Turns offsets into the file's and checks that every tensor has its own place inside. */
    void place(uint64_t step) {
        const uint64_t start = (m_source.position() + step - 1) / step * step;
        std::vector<const TensorInfo*> order;
        order.reserve(m_header.tensors.size());
        for (TensorInfo& info : m_header.tensors) {
            if (info.offset > UINT64_MAX - start - info.bytes) {
                fail("gguf.tensor_place", "The file “{file}” puts its tensor “{tensor}” where no file can reach.",
                     {{"tensor", info.name}});
            }
            info.offset += start;
            if (info.offset + info.bytes > m_bytes) {
                fail(
                    "gguf.truncated",
                    "The file “{file}” ends after {bytes} bytes, but its tensor “{tensor}” needs {needed}. Download it "
                    "again.",
                    {{"bytes", trace::grouped(m_bytes)},
                     {"tensor", info.name},
                     {"needed", trace::grouped(info.offset + info.bytes)}});
            }
            order.push_back(&info);
        }
        std::sort(order.begin(), order.end(),
                  [](const TensorInfo* a, const TensorInfo* b) { return a->offset < b->offset; });
        for (size_t i = 1; i < order.size(); ++i) {
            if (order[i - 1]->offset + order[i - 1]->bytes > order[i]->offset) {
                fail("gguf.overlap", "The file “{file}” is damaged: its tensors “{first}” and “{second}” overlap.",
                     {{"first", order[i - 1]->name}, {"second", order[i]->name}});
            }
        }
    }

    HeaderSource m_source;
    std::string m_file; ///< its name, for sentences
    uint64_t m_bytes;
    Header m_header;
    std::set<std::string> m_names;
};

/** A value for sentences. */
struct Words {
    std::string operator()(uint64_t number) const { return std::to_string(number); }
    std::string operator()(int64_t number) const { return std::to_string(number); }
    std::string operator()(double number) const { return std::to_string(number); }
    std::string operator()(bool yes) const { return yes ? "true" : "false"; }
    std::string operator()(const std::string& text) const {
        return text.size() <= 40 && isPlainName(text) ? "the text “" + text + "”" : "a text";
    }
    std::string operator()(const std::vector<bool>& list) const { return many(list.size(), "truth values"); }
    std::string operator()(const std::vector<std::string>& list) const { return many(list.size(), "texts"); }
    template <typename Number>
    std::string operator()(const std::vector<Number>& list) const {
        return many(list.size(), "numbers");
    }
    static std::string many(size_t count, const char* what) {
        return "a list of " + trace::grouped(count) + " " + what;
    }
};

} // namespace

Header parseHeader(const MappedFile& file) { return Parser(file).parse(); }

std::string describe(const Value& value) { return std::visit(Words{}, value); }

} // namespace moescope::gguf
