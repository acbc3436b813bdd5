// SPDX-License-Identifier: Apache-2.0
#include "engine/gguf/atomic_file.h"
#include "engine/gguf/mapped_file.h"
#include "engine/gguf/reader.h"
#include "engine/gguf/writer.h"
#include "tests/engine/gguf/raw_gguf.h"

#include <chrono>
#include <csignal>
#include <stdexcept>
#include <thread>
#include <vector>

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace moescope::gguf {
namespace {

namespace fs = std::filesystem;
using test::readFile;
using test::sentenceOf;
using test::TemporaryFolder;
using test::writeFile;

std::span<const uint8_t> bytesOf(std::string_view text) {
    return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

std::string textAt(const MappedFile& file, uint64_t offset, size_t count) {
    std::vector<uint8_t> out(count);
    file.read(offset, out);
    return {out.begin(), out.end()};
}

void writeModel(const fs::path& path, uint8_t fill) {
    Writer writer(path);
    writer.add("general.name", std::string("model"));
    writer.addTensor("t", TensorType::F32, {1000});
    writer.beginData();
    writer.data(std::vector<uint8_t>(4000, fill));
    writer.commit();
}

size_t entriesOf(const fs::path& folder) {
    return static_cast<size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

/** Acts as a user whom permissions bind, also where tests run as root. */
class AsPlainUser {
public:
    AsPlainUser() {
        if (m_before == 0) {
            EXPECT_EQ(seteuid(65534), 0);
        }
    }
    ~AsPlainUser() {
        if (m_before == 0) {
            EXPECT_EQ(seteuid(0), 0);
        }
    }
    AsPlainUser(const AsPlainUser&) = delete;
    AsPlainUser& operator=(const AsPlainUser&) = delete;

private:
    uid_t m_before = geteuid();
};

TEST(Opening, ReadsByOffset) {
    const TemporaryFolder folder;
    writeFile(folder / "f", "0123456789");
    const MappedFile file(folder / "f");
    EXPECT_EQ(file.size(), 10U);
    EXPECT_EQ(file.path(), folder / "f");
    EXPECT_EQ(textAt(file, 3, 4), "3456");
    EXPECT_EQ(textAt(file, 10, 0), "");
    sentenceOf("gguf.changed", [&] { textAt(file, 8, 3); });
    sentenceOf("gguf.changed", [&] { textAt(file, UINT64_MAX, 1); });
}

TEST(Opening, RefusesWhatIsNoRegularFile) {
    const TemporaryFolder folder;
    const auto refused = [](const std::string& id, const fs::path& path, const std::string& word) {
        const auto start = std::chrono::steady_clock::now();
        const std::string sentence = sentenceOf(id, [&] { const Reader reader(path); });
        EXPECT_NE(sentence.find(word), std::string::npos) << sentence;
        EXPECT_NE(sentence.find(path.string()), std::string::npos) << sentence;
        EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
    };
    refused("file.missing", folder / "none.gguf", "no file");
    refused("file.missing", folder / "none" / "deeper.gguf", "no file");
    refused("file.folder", folder.path(), "folder");
    ASSERT_EQ(mkfifo((folder / "fifo").c_str(), 0600), 0);
    refused("file.special", folder / "fifo", "a pipe");
    fs::create_symlink(folder / "fifo", folder / "link");
    refused("file.special", folder / "link", "a pipe");
    refused("file.special", "/dev/zero", "a device");
    const int listening = socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string name = (folder / "socket").string();
    ASSERT_LT(name.size(), sizeof(address.sun_path));
    std::copy(name.begin(), name.end(), address.sun_path);
    ASSERT_EQ(bind(listening, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    refused("file.special", folder / "socket", "a socket");
    close(listening);
}

TEST(Opening, SaysThatReadingIsNotAllowed) {
    const TemporaryFolder folder;
    fs::permissions(folder.path(), fs::perms::all);
    writeFile(folder / "secret", "x");
    fs::permissions(folder / "secret", fs::perms::none);
    const AsPlainUser plain;
    sentenceOf("file.denied", [&] { const MappedFile file(folder / "secret"); });
}

TEST(Opening, LoopOfLinksEnds) {
    const TemporaryFolder folder;
    fs::create_symlink(folder / "b", folder / "a");
    fs::create_symlink(folder / "a", folder / "b");
    sentenceOf("file.open", [&] { const MappedFile file(folder / "a"); });
}

TEST(Opening, TakesSpacesCjkAndLongPaths) {
    const TemporaryFolder folder;
    fs::path deep = folder / "with some  spaces";
    deep /= "山の上の狐と船";
    while (deep.string().size() < 330) {
        deep /= std::string(60, 'd');
    }
    fs::create_directories(deep);
    // The longest name a folder takes: a temporary name beside it must not be longer.
    for (const fs::path& path : {deep / "模型 one.gguf", deep / (std::string(250, 'n') + ".gguf")}) {
        writeModel(path, 1);
        EXPECT_EQ(Reader(path).text("general.name"), "model");
    }
    EXPECT_EQ(entriesOf(deep), 2U);
    writeFile(deep / "模型.gguf", "GG");
    EXPECT_NE(sentenceOf("gguf.truncated_header", [&] { Reader(deep / "模型.gguf"); }).find("“模型.gguf”"),
              std::string::npos);
    // A name that is no UTF-8 must not make the sentence so.
    writeFile(deep / "bad\xff\x1b.gguf", "");
    EXPECT_EQ(sentenceOf("gguf.empty", [&] { Reader(deep / "bad\xff\x1b.gguf"); }),
              "The file “bad??.gguf” is empty. Download it again.");
    sentenceOf("file.open", [&] { Reader(deep / (std::string(300, 'n') + ".gguf")); });
}

TEST(Opening, TruncatedWhileOpenIsAnError) {
    const TemporaryFolder folder;
    writeModel(folder / "m.gguf", 1);
    const Reader reader(folder / "m.gguf");
    std::vector<uint8_t> data(4000);
    reader.read(reader.tensors()[0], 0, data);
    fs::resize_file(folder / "m.gguf", 1000);
    const std::string sentence = sentenceOf("gguf.changed", [&] { reader.read(reader.tensors()[0], 0, data); });
    EXPECT_NE(sentence.find("m.gguf"), std::string::npos);
    fs::resize_file(folder / "m.gguf", 0);
    sentenceOf("gguf.changed", [&] { reader.read(reader.tensors()[0], 100, std::span(data).first(4)); });
}

TEST(Opening, OverwrittenInPlaceIsAnError) {
    const TemporaryFolder folder;
    writeModel(folder / "m.gguf", 1);
    fs::last_write_time(folder / "m.gguf", fs::file_time_type::clock::now() - std::chrono::hours(1));
    const Reader reader(folder / "m.gguf");
    writeFile(folder / "m.gguf", std::string(fs::file_size(folder / "m.gguf"), 'z'));
    std::vector<uint8_t> data(4000);
    sentenceOf("gguf.changed", [&] { reader.read(reader.tensors()[0], 0, data); });
}

TEST(Opening, ReplacedWhileOpenKeepsTheOldFile) {
    const TemporaryFolder folder;
    writeModel(folder / "m.gguf", 1);
    const Reader reader(folder / "m.gguf");
    writeModel(folder / "m.gguf", 2);
    std::vector<uint8_t> data(4000);
    reader.read(reader.tensors()[0], 0, data);
    EXPECT_EQ(data, std::vector<uint8_t>(4000, 1));
    fs::remove(folder / "m.gguf");
    reader.read(reader.tensors()[0], 0, data);
    EXPECT_EQ(data, std::vector<uint8_t>(4000, 1));
}

TEST(Opening, ReadsFromManyThreads) {
    const TemporaryFolder folder;
    std::string content;
    for (int i = 0; i < 100000; ++i) {
        content += static_cast<char>(i * 31 >> 3);
    }
    writeFile(folder / "f", content);
    const MappedFile file(folder / "f");
    std::vector<std::thread> threads;
    std::vector<int> wrong(4);
    for (size_t t = 0; t < wrong.size(); ++t) {
        threads.emplace_back([&, t] {
            for (size_t i = 0; i < 500; ++i) {
                const size_t at = (i * 7919 + t * 104729) % 99000;
                wrong[t] += textAt(file, at, 1000) != content.substr(at, 1000) ? 1 : 0;
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(wrong, std::vector<int>(4));
}

TEST(AtomicWriting, AppearsOnlyWhole) {
    const TemporaryFolder folder;
    writeFile(folder / "f", "old");
    {
        AtomicFile file(folder / "f");
        file.write(bytesOf("new "));
        file.write(bytesOf("content"));
        EXPECT_EQ(file.position(), 11U);
        EXPECT_EQ(readFile(folder / "f"), "old");
        file.commit();
        EXPECT_EQ(readFile(folder / "f"), "new content");
        EXPECT_THROW(file.write(bytesOf("x")), std::logic_error);
        EXPECT_THROW(file.commit(), std::logic_error);
    }
    EXPECT_EQ(readFile(folder / "f"), "new content");
    EXPECT_EQ(entriesOf(folder.path()), 1U);
}

TEST(AtomicWriting, LeavesNothingBehindWhenGivenUp) {
    const TemporaryFolder folder;
    writeFile(folder / "f", "old");
    {
        AtomicFile file(folder / "f");
        file.write(std::vector<uint8_t>(3 << 20, 7)); // more than is kept back
        EXPECT_EQ(entriesOf(folder.path()), 2U);
    }
    EXPECT_EQ(readFile(folder / "f"), "old");
    EXPECT_EQ(entriesOf(folder.path()), 1U);
}

TEST(AtomicWriting, LargeAndSmallPiecesKeepTheirOrder) {
    const TemporaryFolder folder;
    std::string expected;
    AtomicFile file(folder / "f");
    for (size_t i = 0; i < 40; ++i) {
        const std::string piece(i % 5 == 4 ? 1500000 : i * 1000 + 1, static_cast<char>('a' + i % 26));
        file.write(bytesOf(piece));
        expected += piece;
        ASSERT_EQ(file.position(), expected.size());
    }
    file.commit();
    EXPECT_EQ(readFile(folder / "f"), expected);
}

TEST(AtomicWriting, FollowsLinks) {
    const TemporaryFolder folder;
    fs::create_directory(folder / "there");
    fs::create_symlink(folder / "there" / "f", folder / "link");
    AtomicFile file(folder / "link");
    file.write(bytesOf("x"));
    file.commit();
    EXPECT_TRUE(fs::is_symlink(folder / "link"));
    EXPECT_EQ(readFile(folder / "there" / "f"), "x");
    fs::create_symlink("link", folder / "relative");
    AtomicFile second(folder / "relative");
    second.write(bytesOf("y"));
    second.commit();
    EXPECT_EQ(readFile(folder / "there" / "f"), "y");
}

TEST(AtomicWriting, RefusesTargetsThatAreNoFiles) {
    const TemporaryFolder folder;
    sentenceOf("file.folder", [&] { AtomicFile file(folder.path()); });
    sentenceOf("file.special", [&] { AtomicFile file("/dev/null"); });
    ASSERT_EQ(mkfifo((folder / "fifo").c_str(), 0600), 0);
    sentenceOf("file.special", [&] { AtomicFile file(folder / "fifo"); });
    EXPECT_NE(sentenceOf("file.no_folder", [&] { AtomicFile file(folder / "none" / "f"); }).find("none"),
              std::string::npos);
}

TEST(AtomicWriting, SaysThatTheFolderIsReadOnly) {
    const TemporaryFolder folder;
    fs::permissions(folder.path(),
                    fs::perms::owner_read | fs::perms::owner_exec | fs::perms::others_read | fs::perms::others_exec);
    {
        const AsPlainUser plain;
        const std::string sentence = sentenceOf("file.read_only", [&] { AtomicFile file(folder / "f"); });
        EXPECT_NE(sentence.find(folder.path().string()), std::string::npos);
    }
    fs::permissions(folder.path(), fs::perms::owner_all);
    writeFile(folder / "kept", "old");
    fs::permissions(folder / "kept", fs::perms::owner_read);
    sentenceOf("file.protected", [&] { AtomicFile file(folder / "kept"); });
}

TEST(AtomicWriting, SaysThatTheDiskIsFullAndCleansUp) {
    const TemporaryFolder folder;
    // A limit on the size of files fails a write the way a full disk does.
    const auto before = std::signal(SIGXFSZ, SIG_IGN);
    rlimit old{};
    ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &old), 0);
    const rlimit small{2 << 20, old.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
    writeFile(folder / "f", "old");
    std::string sentence = sentenceOf("file.full", [&] {
        AtomicFile file(folder / "f");
        file.write(std::vector<uint8_t>(5 << 20, 7));
        file.commit();
    });
    EXPECT_NE(sentence.find((folder / "f").string()), std::string::npos);
    sentenceOf("file.full", [&] {
        AtomicFile file(folder / "f");
        file.write(std::vector<uint8_t>((2 << 20) - 10, 7));
        file.write(std::vector<uint8_t>(100, 7)); // kept back, so that commit() is what fails
        file.commit();
    });
    setrlimit(RLIMIT_FSIZE, &old);
    std::signal(SIGXFSZ, before);
    EXPECT_EQ(readFile(folder / "f"), "old");
    EXPECT_EQ(entriesOf(folder.path()), 1U);
}

TEST(SameFile, SeesThroughSpellingsAndLinks) {
    const TemporaryFolder folder;
    writeFile(folder / "a", "x");
    writeFile(folder / "b", "x");
    fs::create_directory(folder / "d");
    fs::create_symlink(folder / "a", folder / "soft");
    fs::create_hard_link(folder / "a", folder / "hard");
    EXPECT_TRUE(isSameFile(folder / "a", folder / "a"));
    EXPECT_TRUE(isSameFile(folder / "a", folder / "d" / ".." / "." / "a"));
    EXPECT_TRUE(isSameFile(folder / "a", folder / "soft"));
    EXPECT_TRUE(isSameFile(folder / "hard", folder / "soft"));
    EXPECT_FALSE(isSameFile(folder / "a", folder / "b"));
    EXPECT_FALSE(isSameFile(folder / "a", folder / "none"));
    EXPECT_FALSE(isSameFile(folder / "none", folder / "none"));
}

} // namespace
} // namespace moescope::gguf
