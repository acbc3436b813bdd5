// SPDX-License-Identifier: Apache-2.0
#include "app/cli/loading.h"
#include "app/cli/npy.h"
#include "app/cli/output.h"
#include "app/cli/sha256.h"
#include "app/platform/console.h"

#include <gtest/gtest.h>

#include <fstream>

namespace moescope::cli {
namespace {

std::string sumOf(const std::string& text) {
    Sha256 sum;
    sum.add({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
    return sum.hex();
}

TEST(Sha256, GivesTheStandardsExamples) {
    EXPECT_EQ(sumOf(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(sumOf("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(sumOf("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
              "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    EXPECT_EQ(sumOf(std::string(1'000'000, 'a')), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(EscapeFilter, TakesOutWhatATerminalWouldObey) {
    const auto filtered = [](std::initializer_list<std::string_view> pieces) {
        platform::EscapeFilter filter;
        std::string all;
        for (const std::string_view piece : pieces) {
            all += filter.pass(piece);
        }
        return all;
    };
    EXPECT_EQ(filtered({"plain ü 你好 🚀\n\ttext"}), "plain ü 你好 🚀\n\ttext");
    EXPECT_EQ(filtered({"a\x1B[31mred\x1B[0mb"}), "aredb");
    EXPECT_EQ(filtered({"a\x1B", "[2", "Jb"}), "ab");
    EXPECT_EQ(filtered({"a\x1B]0;title\ab"}), "ab");
    EXPECT_EQ(filtered({"a\x1B]52;c;aGk=\x1B\\b"}), "ab");
    EXPECT_EQ(filtered({"a\x1BPq payload\x1B\\b"}), "ab");
    EXPECT_EQ(filtered({"a\r\b\a\x7F", "b"}), "ab");
    EXPECT_EQ(filtered({"a\xC2\x9B"
                        "31mb"}),
              "ab");
    EXPECT_EQ(filtered({"a\xC2", "\x9D"
                                 "0;t\ab"}),
              "ab");
    EXPECT_EQ(filtered({"\xC2\xA9 stays"}), "\xC2\xA9 stays");
    EXPECT_EQ(filtered({"a\x1B(Bb\x1B"
                        "cc"}),
              "abc");
    // An unfinished sequence ends with the line: the rest of an answer is not swallowed.
    EXPECT_EQ(filtered({"a\x1B]never ended\nb"}), "a\nb");
}

TEST(Npy, RefusesAnArrayThatIsNotFull) {
    const auto folder = std::filesystem::temp_directory_path() / "moescope-npy-test";
    std::filesystem::create_directories(folder);
    const auto path = folder / "x.npy";
    std::filesystem::remove(path);
    {
        NpyFile file(path, NpyFile::Type::Float32, {2, 3});
        const std::vector<float> row{1, 2, 3};
        file.append(row);
        EXPECT_THROW(file.commit(), std::logic_error);
        EXPECT_THROW(file.append(std::vector<int32_t>{1}), std::logic_error);
        EXPECT_THROW(file.append(std::vector<float>(4)), std::logic_error);
    }
    EXPECT_FALSE(std::filesystem::exists(path));
    {
        NpyFile file(path, NpyFile::Type::Float32, {2, 0, 3});
        file.commit();
    }
    EXPECT_EQ(std::filesystem::file_size(path) % 64, 0U);
    std::filesystem::remove_all(folder);
}

TEST(Chat, AShorterContextIsExplained) {
    inference::ContextChoice context{.tokens = 8192,
                                     .model_tokens = 32'768,
                                     .whole_bytes = uint64_t{9} << 30,
                                     .free_bytes = uint64_t{8} << 30,
                                     .whole_buffer_bytes = uint64_t{1} << 28,
                                     .largest_buffer_bytes = uint64_t{1} << 27,
                                     .shortened = true};
    EXPECT_EQ(
        contextSentence(context, "A card"),
        "The context holds 8,192 of this model's 32,768 tokens: all of them would need 9.00 GiB, and “A card” has "
        "8.00 GiB free, of which a sixteenth is left to other programs.");
    context.reason = inference::ContextChoice::Reason::Buffer;
    EXPECT_EQ(
        contextSentence(context, "A card"),
        "The context holds 8,192 of this model's 32,768 tokens: all of them would need a buffer of 256 MiB, and “A "
        "card” can bind 128 MiB at once.");
}

TEST(Output, ThreeFiguresAreEnough) {
    EXPECT_EQ(threeFigures(1.234), "1.23");
    EXPECT_EQ(threeFigures(12.34), "12.3");
    EXPECT_EQ(threeFigures(123.4), "123");
    EXPECT_EQ(threeFigures(9.999), "10.0");
}

} // namespace
} // namespace moescope::cli
