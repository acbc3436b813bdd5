// SPDX-License-Identifier: Apache-2.0
#include "tests/engine/needle/needle_fixture.h"

#include <fstream>
#include <sstream>

namespace moescope::test {

namespace {

std::string contents(const char* path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return std::move(text).str();
}

} // namespace

NeedleFixture::NeedleFixture()
    : file(MOESCOPE_BUILTIN_MODEL), tokenizer(file), chat(model::storedTemplate(file), tokenizer),
      stories("stories.txt", contents(MOESCOPE_STORIES), tokenizer), maker(stories, tokenizer, chat) {}

const NeedleFixture& needleFixture() {
    static const NeedleFixture fixture;
    return fixture;
}

} // namespace moescope::test
