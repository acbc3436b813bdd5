// SPDX-License-Identifier: Apache-2.0
// A GGUF file: header, tensor table, facts, configuration, tokenizer and chat template.
#include "engine/gguf/reader.h"
#include "engine/model/chat_template.h"
#include "engine/model/model_config.h"
#include "tests/fuzz/input.h"

#include <algorithm>

namespace moescope::fuzz {

namespace {

/** Reads the first and the last weights of every tensor, through the format that its type names. */
void readTensors(const gguf::Reader& reader) {
    for (const gguf::TensorInfo& tensor : reader.tensors()) {
        require(tensor.offset + tensor.bytes <= reader.fileBytes(), "a tensor lies beyond the file");
        require(reader.find(tensor.name) == &tensor, "a tensor is not found by its name");
        const gguf::BlockShape block = gguf::blockShape(tensor.type);
        if (tensor.bytes < block.bytes) {
            continue;
        }
        std::vector<uint8_t> bytes(block.bytes);
        std::vector<float> values(block.weights);
        for (const uint64_t offset : {uint64_t{0}, tensor.bytes - block.bytes}) {
            reader.read(tensor, offset, bytes);
            gguf::dequantize(tensor.type, bytes, values);
        }
    }
}

void useTokenizer(const gguf::Reader& reader) {
    const model::Tokenizer tokenizer(reader);
    for (uint32_t id = 0; id < std::min(tokenizer.size(), 1000U); ++id) {
        tokenizer.decode(static_cast<int32_t>(id), id % 2 == 0);
    }
    accepts([&] { tokenizer.decode(tokenizer.encode("It's <s>12 ab é\n\n  x")); });
    const model::ChatTemplate chat(model::storedTemplate(reader), tokenizer, model::storedTemplate(reader, true));
    if (chat.problem()) {
        requireSentence(*chat.problem());
    }
}

} // namespace

bool run(std::string_view input) {
    static const Folder folder;
    const std::filesystem::path path = folder.write("input.gguf", input);
    return accepts([&] {
        const gguf::Reader reader(path);
        for (const gguf::EntryPlace& entry : reader.entries()) {
            require(reader.readEntry(entry).size() == entry.bytes, "a metadata value lies beyond the file");
        }
        readTensors(reader);
        accepts([&] { model::readInfo(reader); });
        accepts([&] { useTokenizer(reader); });
        accepts([&] { model::readConfig(reader); });
    });
}

} // namespace moescope::fuzz
