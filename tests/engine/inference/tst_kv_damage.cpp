// SPDX-License-Identifier: Apache-2.0
// Saved KV caches that lie: with the checksums that they had, and with checksums that agree with the lie.
#include "engine/inference/kv_session.h"

#include "tests/engine/inference/golden_model.h"

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <limits>
#include <random>

#include <unistd.h>

namespace moescope::test {
namespace {

namespace fs = std::filesystem;
using gguf::TensorType;
using inference::Engine;
using inference::KvType;
using inference::Restored;

constexpr uint32_t blockTokens = 16;
constexpr uint32_t savedTokens = 40;
constexpr uint32_t fileHeaderBytes = 24;
constexpr uint32_t checksumBytes = 16;
constexpr int damagedFiles = 500;

class KvDamageTest : public KernelTest {
protected:
    void SetUp() override {
        KernelTest::SetUp();
        m_file = fs::temp_directory_path() / ("moescope-kv-damage-" + std::to_string(::getpid()) + ".kv");
        inference::LoadOptions options;
        options.kv = KvType::F32;
        options.sessions = true;
        options.variants = wholeSteps();
        m_engine = Engine::load(goldenGguf("large_like", TensorType::F32), options);
        m_request.prompt = someTokens(savedTokens + 4, 1);
        m_request.max_tokens = 3;
        m_request.sampling.temperature = 0.0F;
        m_request.ignore_eos = true;
        m_afresh = m_engine->generate(m_request).tokens;
        m_engine->truncate(savedTokens);
        inference::saveSession(*m_engine, m_file, blockTokens);
        std::ifstream in(m_file, std::ios::binary);
        m_bytes.assign(std::istreambuf_iterator<char>(in), {});
        uint32_t key = 0;
        std::memcpy(&key, m_bytes.data() + 12, sizeof(key));
        m_blocks = fileHeaderBytes + key;
        m_blockBytes = session::encodedBytes(blockTokens, uint64_t{blockTokens} * m_engine->kvKey().bytes_per_token,
                                             m_engine->routing().bytesOf(0, blockTokens).size());
    }
    void TearDown() override { fs::remove(m_file); }

    void put(const std::vector<uint8_t>& bytes) const {
        std::ofstream out(m_file, std::ios::binary | std::ios::trunc);
        out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    }
    /** Of block `index`, in the file. */
    size_t blockAt(size_t index) const { return m_blocks + index * m_blockBytes; }
    /** Makes the checksum at the end of a block that of its bytes. */
    void repair(std::vector<uint8_t>& bytes, size_t index) const {
        const size_t begin = blockAt(index);
        const size_t end = std::min(begin + m_blockBytes, bytes.size());
        const auto sum = session::sumOf({bytes.data() + begin, end - begin - checksumBytes});
        std::copy(sum.begin(), sum.end(), bytes.begin() + static_cast<ptrdiff_t>(end - checksumBytes));
    }

    fs::path m_file;
    std::unique_ptr<Engine> m_engine;
    inference::GenerationRequest m_request;
    std::vector<int32_t> m_afresh;
    std::vector<uint8_t> m_bytes;
    size_t m_blocks = 0; ///< byte of the first block
    size_t m_blockBytes = 0;
};

TEST_F(KvDamageTest, with_stale_checksums_is_noticed_and_the_answer_is_as_afresh) {
    const Restored whole = inference::restoreSession(*m_engine, m_file, m_request.prompt);
    ASSERT_EQ(whole.tokens, savedTokens);
    ASSERT_EQ(m_engine->generate(m_request).tokens, m_afresh);
    int inBlocks = 0;
    for (uint32_t seed = 0; seed < damagedFiles; ++seed) {
        SCOPED_TRACE(seed);
        std::mt19937 random(seed);
        std::vector<uint8_t> bytes = m_bytes;
        if (seed % 10 == 0) {
            bytes.resize(random() % bytes.size());
        } else {
            const size_t at = random() % bytes.size();
            bytes[at] ^= static_cast<uint8_t>(1 + random() % 255);
            inBlocks += at >= m_blocks ? 1 : 0;
        }
        put(bytes);
        const Restored restored = inference::restoreSession(*m_engine, m_file, m_request.prompt);
        // Cut right behind a block it is a shorter state, and a good one.
        const bool isShorter =
            bytes.size() < m_bytes.size() && bytes.size() > m_blocks && (bytes.size() - m_blocks) % m_blockBytes == 0;
        EXPECT_TRUE(restored.reason || isShorter);
        EXPECT_LT(restored.tokens, savedTokens);
        EXPECT_EQ(restored.tokens % blockTokens, 0U);
        ASSERT_EQ(m_engine->generate(m_request).tokens, m_afresh);
    }
    EXPECT_GT(inBlocks, damagedFiles / 2);
}

TEST_F(KvDamageTest, with_repaired_checksums_ends_nothing_and_lies_in_headers_are_refused) {
    constexpr size_t parent = 8;
    constexpr size_t first = 24;
    constexpr size_t tokens = 28;
    constexpr size_t rowBytes = 32;
    constexpr size_t routingBytes = 40;
    constexpr size_t rows = session::blockHeaderBytes + blockTokens * sizeof(int32_t);
    int refused = 0;
    int lies = 0;
    for (uint32_t seed = 0; seed < damagedFiles; ++seed) {
        SCOPED_TRACE(seed);
        std::mt19937 random(seed);
        std::vector<uint8_t> bytes = m_bytes;
        const size_t index = random() % 2; // of the full blocks
        const size_t at = blockAt(index);
        const auto number = [&](size_t offset, auto value) {
            std::memcpy(bytes.data() + at + offset, &value, sizeof(value));
        };
        const uint64_t wide = uint64_t{random()} << (random() % 33);
        bool isLie = true;
        switch (seed % 8) {
        case 0: number(first, static_cast<uint32_t>(wide) | 1U); break;
        case 1: number(tokens, static_cast<uint32_t>(wide) ^ 5U); break;
        case 2: number(rowBytes, wide ^ 3U); break;
        case 3: number(routingBytes, wide ^ 7U); break;
        case 4: number(parent, wide | 1U); break;
        case 5: { // an id that the model does not have, or another one
            number(session::blockHeaderBytes + (random() % blockTokens) * sizeof(int32_t),
                   static_cast<int32_t>(random()));
            isLie = false;
            break;
        }
        case 6: {
            const float value =
                seed % 16 == 6 ? std::numeric_limits<float>::quiet_NaN() : -std::numeric_limits<float>::infinity();
            number(rows + (random() % 64) * sizeof(float), value);
            isLie = false;
            break;
        }
        default: { // the routing
            number(m_blockBytes - checksumBytes - 1 - random() % 64, static_cast<uint8_t>(random()));
            isLie = false;
            break;
        }
        }
        repair(bytes, index);
        put(bytes);
        Restored restored;
        ASSERT_NO_THROW(restored = inference::restoreSession(*m_engine, m_file, m_request.prompt));
        if (isLie) {
            ++lies;
            refused += restored.reason && restored.tokens == index * blockTokens ? 1 : 0;
        }
        // Rows that are no numbers may end the answer with a sentence, and nothing else.
        const std::string id = idOf([&] { (void)m_engine->generate(m_request); });
        EXPECT_TRUE(id.empty() || id == "sampler.nan") << id;
    }
    EXPECT_EQ(refused, lies);
    EXPECT_GT(lies, damagedFiles / 2);
    m_engine->reset();
    EXPECT_EQ(m_engine->generate(m_request).tokens, m_afresh) << "the engine is the worse for it";
}

} // namespace
} // namespace moescope::test
