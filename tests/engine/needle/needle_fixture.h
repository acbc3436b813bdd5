// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/gguf/reader.h"
#include "engine/needle/needle_case.h"

#include <string>

namespace moescope::test {

/** The built-in model's tokenizer and template, and the text that the program hides needles in. */
struct NeedleFixture {
    gguf::Reader file;
    model::Tokenizer tokenizer;
    model::ChatTemplate chat;
    needle::Haystack stories;
    needle::CaseMaker maker;

    NeedleFixture();
};

/** One for all tests of a program. */
const NeedleFixture& needleFixture();

} // namespace moescope::test
