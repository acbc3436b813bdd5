// SPDX-License-Identifier: Apache-2.0
#include "engine/model/pre_tokenizer.h"

#include "engine/model/tokenizer.h"
#include "engine/model/utf8.h"
#include "tests/engine/model/model_files.h"
#include "tests/engine/model/random_text.h"

#include <algorithm>
#include <cstdlib>
#include <sstream>

using namespace moescope;
using namespace moescope::tests;
using Ids = std::vector<int32_t>;
using Pieces = std::vector<std::string>;

namespace {

Pieces piecesOf(std::string_view pre, const std::string& text) {
    const model::PreTokenizerRow* row = model::findPreTokenizer(pre);
    if (row == nullptr) {
        ADD_FAILURE() << "no row " << pre;
        return {};
    }
    const model::PreTokenizer splitter(row->passes);
    model::PreTokenizer::Scanner scanner(splitter);
    scanner.start(text);
    Pieces pieces;
    std::string_view piece;
    while (scanner.next(piece)) {
        pieces.emplace_back(piece);
    }
    return pieces;
}

/** Rows of which none before them splits alike: what is slow to check need not be checked twice. */
std::vector<model::PreTokenizerRow> distinctRows() {
    std::vector<model::PreTokenizerRow> rows;
    for (const model::PreTokenizerRow& row : model::preTokenizers()) {
        const bool known = std::any_of(rows.begin(), rows.end(), [&](const model::PreTokenizerRow& r) {
            return r.passes.data() == row.passes.data() && r.nfc == row.nfc;
        });
        if (!known) {
            rows.push_back(row);
        }
    }
    return rows;
}

/** decode(encode(x)) is x, or its NFC. Texts with a byte that the vocabulary lacks are left out. */
void checkRoundTrips(const model::Tokenizer& tokenizer, bool nfc, size_t count) {
    RandomText random(29);
    size_t tried = 0;
    for (size_t i = 0; i < count; ++i) {
        const std::string text = random.next();
        try {
            ASSERT_EQ(tokenizer.decode(tokenizer.encode(text)), nfc ? model::toNfc(text) : text);
            ++tried;
        } catch (const trace::Error& error) {
            ASSERT_EQ(error.id(), "tokenizer.byte");
        }
    }
    EXPECT_GT(tried, count / 2);
}

std::vector<std::string> split(const std::string& text, const std::string& by) {
    std::vector<std::string> out;
    size_t begin = 0;
    for (size_t end = text.find(by); end != std::string::npos; end = text.find(by, begin)) {
        out.push_back(text.substr(begin, end - begin));
        begin = end + by.size();
    }
    out.push_back(text.substr(begin));
    return out;
}

Path fixture(const std::string& name) { return Path(std::getenv("MOESCOPE_FIXTURES")) / "vocab" / name; }

} // namespace

TEST(PreTokenizer, EachFamilyCutsItsOwnWay) {
    EXPECT_EQ(piecesOf("gpt-2", "I'VE 12345 don't  x"), (Pieces{"I", "'", "VE", " 12345", " don", "'t", " ", " x"}));
    EXPECT_EQ(piecesOf("llama-bpe", "I'VE 12345"), (Pieces{"I", "'VE", " ", "123", "45"}));
    EXPECT_EQ(piecesOf("qwen2", "ab 123!\n"), (Pieces{"ab", " ", "1", "2", "3", "!\n"}));
    EXPECT_EQ(piecesOf("qwen2", "ke\u0301s"), (Pieces{"ke", "\u0301s"}));
    EXPECT_EQ(piecesOf("qwen35", "ke\u0301s"), (Pieces{"ke\u0301s"})); // marks belong to words
    EXPECT_EQ(piecesOf("starcoder", " x12 y"), (Pieces{" x", "1", "2", " y"}));
    EXPECT_EQ(piecesOf("deepseek-v3", "x1234漢字かな .y"), (Pieces{"x", "123", "4", "漢字かな", " .", "y"}));
    EXPECT_EQ(piecesOf("deepseek-llm", "a b\n12  漢 "), (Pieces{"a", " b", "\n", "1", "2", "  ", "漢", " "}));
    EXPECT_EQ(piecesOf("deepseek-coder", "a ! b12"), (Pieces{"a", " !", " b", "1", "2"}));
    EXPECT_EQ(piecesOf("tekken", "HelloWorld 12/"), (Pieces{"Hello", "World", " ", "1", "2", "/"}));
    EXPECT_EQ(piecesOf("gpt-4o", "HelloWorld's 1234"), (Pieces{"Hello", "World's", " ", "123", "4"}));
    EXPECT_EQ(piecesOf("falcon", "a.b 12345"), (Pieces{"a", ".", "b", " ", "123", "45"}));
}

TEST(PreTokenizer, FalconSeesDigitsInTheSpellingOfBytes) {
    // "м" is D0 BC, and GPT-2 spells BC as "¼", a number; "д" is D0 B4, which is none.
    EXPECT_EQ(piecesOf("falcon", "м"), (Pieces{"\xD0", "\xBC"}));
    EXPECT_EQ(piecesOf("falcon", "д"), (Pieces{"д"}));
}

TEST(PreTokenizer, NothingIsLostAndTheTextIsOnlyCut) {
    for (const model::PreTokenizerRow& row : distinctRows()) {
        SCOPED_TRACE(row.pre);
        const model::PreTokenizer splitter(row.passes);
        model::PreTokenizer::Scanner scanner(splitter);
        RandomText random(7);
        for (int i = 0; i < 1000; ++i) {
            const std::string text = random.next();
            scanner.start(text);
            std::string joined;
            std::string_view piece;
            while (scanner.next(piece)) {
                ASSERT_FALSE(piece.empty());
                joined += piece;
            }
            ASSERT_EQ(joined, text);
        }
    }
}

TEST(PreTokenizer, TextComesBackUnderEachRow) {
    for (const model::PreTokenizerRow& row : distinctRows()) {
        SCOPED_TRACE(row.pre);
        const Scratch scratch;
        VocabularyFile vocabulary;
        vocabulary.pre = row.pre;
        for (const auto& [left, right] :
             {std::pair(" ", " "), {"t", "h"}, {"th", "e"}, {" ", "the"}, {"\xE4", "\xBD"}}) {
            vocabulary.addMerged(left, right);
        }
        checkRoundTrips(model::Tokenizer(gguf::Reader(vocabulary.write(scratch))), row.nfc, 10000);
    }
}

TEST(PreTokenizer, HostileRunsTakeLinearTime) {
    constexpr size_t count = 200000;
    for (const model::PreTokenizerRow& row : distinctRows()) {
        SCOPED_TRACE(row.pre);
        for (const char* unit : {"a", "A", "7", " ", "\n", "!", "あ", "Aa", " \n", "\u0301"}) {
            std::string text;
            for (size_t i = 0; i < count; ++i) {
                text += unit;
            }
            text += "あ"; // behind blanks: what no pass for line ends or words takes
            const Pieces pieces = piecesOf(row.pre, text);
            EXPECT_FALSE(pieces.empty()); // quadratic work would end at the test's time limit
        }
    }
}

TEST(PreTokenizer, VectorsWhereTheFixturesAre) {
    if (std::getenv("MOESCOPE_FIXTURES") == nullptr) {
        GTEST_SKIP() << "skipped: MOESCOPE_FIXTURES is not set, so no vectors of llama.cpp are read";
    }
    size_t vectors = 0;
    for (const auto& entry : std::filesystem::directory_iterator(fixture(""))) {
        if (entry.path().extension() != ".gguf") {
            continue;
        }
        SCOPED_TRACE(entry.path().filename().string());
        const gguf::Reader file(entry.path());
        const model::Tokenizer tokenizer(file);
        const auto texts = split(readBytes(entry.path().string() + ".inp"), "\n__ggml_vocab_test__\n");
        const auto lines = split(readBytes(entry.path().string() + ".out"), "\n");
        for (size_t i = 0; i < std::min(texts.size(), lines.size()); ++i) {
            std::istringstream numbers(lines[i]);
            Ids ids;
            for (int32_t id = 0; numbers >> id;) {
                ids.push_back(id);
            }
            EXPECT_EQ(tokenizer.encode(texts[i]), ids) << texts[i];
            EXPECT_EQ(tokenizer.decode(ids), texts[i]);
            ++vectors;
        }
        if (const auto* row = model::findPreTokenizer(file.text("tokenizer.ggml.pre").value_or(""))) {
            checkRoundTrips(tokenizer, row->nfc, 10000);
        }
    }
    EXPECT_GT(vectors, 200U);
}
