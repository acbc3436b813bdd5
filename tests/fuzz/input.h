// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/model/hf_tokenizer.h"
#include "engine/trace/error.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace moescope::fuzz {

/** Reads one hostile input, as each fuzz_*.cpp defines it for what it is named after. True: it was taken; false: it was
 *  refused with a sentence. Whatever else comes of it, an exception included, is a finding. */
bool run(std::string_view input);

/** Runs `work`: true if it came to its end, false if a trace::Error ended it, whose sentence must be one (require()). */
template <class Work>
bool accepts(const Work& work);

/** Ends the process with `what` on stderr if `holds` is false: a finding for libFuzzer and for a test. */
void require(bool holds, std::string_view what);

/** One line of UTF-8 of at most 4 KiB that ends as a sentence, without a {name} of its own that nobody filled in. */
void requireSentence(const trace::Error& error);

/** A folder of this process for the files that are read, in memory where the system has that; removed at the end. */
class Folder {
public:
    Folder();
    ~Folder();
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    std::filesystem::path operator/(const char* name) const { return m_path / name; }
    /** Writes a file over; gives its path. */
    std::filesystem::path write(const char* name, std::string_view bytes) const;

private:
    std::filesystem::path m_path;
};

/** A GGUF file without tensors that holds a vocabulary, as convert writes it. */
std::string vocabularyGguf(const model::TokenizerTables& tables);

/** The 256 bytes, some merges of theirs, and tokens that chat templates write: 300 rows in all. `strips`:
 *  some of those take white space along. */
model::TokenizerTables byteLevelTables(std::string_view pre, bool strips = false);

/** SentencePiece's counterpart: `model` is "llama" (scores) or "gemma4" (merges). */
model::TokenizerTables sentencePieceTables(std::string_view model);

template <class Work>
bool accepts(const Work& work) {
    try {
        work();
        return true;
    } catch (const trace::Error& error) {
        requireSentence(error);
        return false;
    }
}

} // namespace moescope::fuzz
