// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/kv_session.h"

#include "engine/trace/error.h"

#include <algorithm>

namespace moescope::inference {

using session::KvBlock;
using trace::Error;

namespace {

/** Appends what of `block` stands at `at` in `prompt` too; how many tokens. */
uint32_t appendCommon(Engine& engine, const session::BlockView& block, std::span<const int32_t> prompt, uint32_t at) {
    const auto rest = prompt.subspan(at);
    const auto common = static_cast<uint32_t>(
        std::mismatch(block.tokens.begin(), block.tokens.end(), rest.begin(), rest.end()).first - block.tokens.begin());
    if (common > 0) {
        engine.appendKv(std::span(block.tokens).first(common), block.rows, static_cast<uint32_t>(block.tokens.size()),
                        block.routing);
    }
    return common;
}

} // namespace

Error prefixDiffers(uint32_t token) {
    return Error("session.prefix", "The prompt differs from the saved one at token {token}.",
                 {{"token", trace::grouped(token)}});
}

Restored restoreSession(Engine& engine, const std::filesystem::path& file, std::span<const int32_t> prompt,
                        trace::CancelFlag cancel) {
    engine.reset();
    Restored restored;
    std::error_code error_code;
    if (!std::filesystem::exists(file, error_code) && !error_code) {
        restored.reason.emplace("session.absent", "Nothing was saved there yet.");
        return restored;
    }
    try {
        session::SessionReader reader(file);
        restored.reason = session::difference(reader.key(), engine.kvKey(cancel));
        while (!restored.reason && restored.tokens < prompt.size()) {
            const std::optional<session::BlockView> block = reader.next();
            if (!block) {
                break;
            }
            const uint32_t common = appendCommon(engine, *block, prompt, restored.tokens);
            restored.tokens += common;
            restored.read += common;
            if (common < block->tokens.size() && restored.tokens < prompt.size()) {
                restored.reason = prefixDiffers(restored.tokens);
            }
        }
    } catch (const Error& error) {
        if (error.id() == "vulkan.device_lost" || error.id() == "work.cancelled") {
            throw;
        }
        restored.reason = error; // blocks before it are good
    }
    return restored;
}

uint64_t saveSession(const Engine& engine, const std::filesystem::path& file, uint32_t block_tokens) {
    const session::KvKey key = engine.kvKey();
    session::SessionWriter writer(file, key, block_tokens);
    const std::span<const int32_t> tokens = engine.cachedTokens();
    for (uint32_t first = 0; first < tokens.size(); first += block_tokens) {
        const auto count = static_cast<uint32_t>(std::min<size_t>(block_tokens, tokens.size() - first));
        KvBlock block;
        block.tokens.assign(tokens.begin() + first, tokens.begin() + first + count);
        block.rows.resize(size_t{count} * key.bytes_per_token);
        engine.readKv(first, count, block.rows);
        block.routing = engine.routing().bytesOf(first, count);
        writer.add(std::move(block));
    }
    writer.commit();
    return writer.bytes();
}

} // namespace moescope::inference
