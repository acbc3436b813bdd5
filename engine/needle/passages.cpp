// SPDX-License-Identifier: Apache-2.0
#include "engine/needle/passages.h"

#include "engine/trace/error.h"

#include <algorithm>
#include <array>
#include <set>

namespace moescope::needle {

namespace {

// Things that have a code in the wording that the built-in model knows.
constexpr std::array<std::string_view, 36> things = {
    "blue door",     "red box",        "old gate",    "garden shed",    "north tower",  "school locker",
    "bike lock",     "treasure chest", "front gate",  "green suitcase", "small cabin",  "safe in the office",
    "radio room",    "boat house",     "music box",   "second floor",   "train wagon",  "kitchen cupboard",
    "gray cabinet",  "wooden chest",   "glass case",  "side entrance",  "storage room", "reading room",
    "lighthouse",    "mail box",       "piano room",  "west wing",      "tool box",     "ice cellar",
    "secret drawer", "tea room",       "stone tower", "bakery",         "clock tower",  "silver case"};

constexpr uint32_t manyNeedles = 4; // RULER's keys, values and queries
constexpr uint32_t chains = 2;      // one is asked for
constexpr uint32_t chainVariables = 4;
constexpr uint32_t nameLetters = 5;
constexpr uint32_t codedLetters = 4;

std::vector<std::string> drawThings(uint32_t count, Random& random) {
    std::vector<std::string_view> all(things.begin(), things.end());
    random.shuffle(all);
    return {all.begin(), all.begin() + count};
}

std::vector<std::string> drawCodes(uint32_t count, Random& random) {
    std::set<uint64_t> taken;
    std::vector<std::string> codes;
    while (codes.size() < count) {
        if (const uint64_t code = random.between(1000, 9999); taken.insert(code).second) {
            codes.push_back(std::to_string(code));
        }
    }
    return codes;
}

std::string drawWord(uint32_t letters, char first, Random& random) {
    std::string word;
    for (uint32_t i = 0; i < letters; ++i) {
        word += static_cast<char>(first + static_cast<char>(random.below(26)));
    }
    return word;
}

std::string sentence(std::string_view thing, std::string_view code) {
    return "The code for the " + std::string(thing) + " is " + std::string(code) + ".";
}

std::string question(std::string_view thing) { return "What is the code for the " + std::string(thing) + "?"; }

std::string joined(const std::vector<std::string>& parts) {
    std::string all;
    for (const std::string& part : parts) {
        if (!all.empty()) {
            all += ' ';
        }
        all += part;
    }
    return all;
}

Passages keys(uint32_t needles, Random& random) {
    const std::vector<std::string> about = drawThings(needles, random);
    std::vector<std::string> codes = drawCodes(needles, random);
    Passages passages{sentence(about[0], codes[0]), {}, question(about[0]), {codes[0]}, {1}};
    for (uint32_t i = 1; i < needles; ++i) {
        passages.scattered.push_back(sentence(about[i], codes[i]));
    }
    return passages;
}

Passages values(Random& random) {
    const std::string about = drawThings(1, random).front();
    const std::vector<std::string> codes = drawCodes(manyNeedles, random);
    std::vector<std::string> sentences;
    for (const std::string& code : codes) {
        sentences.push_back(sentence(about, code));
    }
    return {joined(sentences),
            {},
            "What are all the codes for the " + about + "?",
            codes,
            std::vector<uint32_t>(codes.size(), 1)};
}

Passages queries(Random& random) {
    const std::vector<std::string> about = drawThings(manyNeedles, random);
    const std::vector<std::string> codes = drawCodes(manyNeedles, random);
    std::vector<std::string> sentences;
    std::vector<std::string> questions;
    for (uint32_t i = 0; i < manyNeedles; ++i) {
        sentences.push_back(sentence(about[i], codes[i]));
        questions.push_back(question(about[i]));
    }
    random.shuffle(questions);
    return {joined(sentences), {}, joined(questions), codes, std::vector<uint32_t>(codes.size(), 1)};
}

Passages assignments(Random& random) {
    std::set<std::string> taken;
    std::vector<std::vector<std::string>> names(chains);
    for (auto& chain : names) {
        while (chain.size() < chainVariables) {
            if (const std::string name = drawWord(nameLetters, 'A', random); taken.insert(name).second) {
                chain.push_back(name);
            }
        }
    }
    std::vector<std::string> codes;
    while (codes.size() < chains) {
        const std::string code = std::to_string(random.between(10'000, 99'999));
        if (std::find(codes.begin(), codes.end(), code) == codes.end()) {
            codes.push_back(code);
        }
    }
    Passages passages;
    std::vector<uint32_t> told(chains, 0);
    for (uint32_t left = chains * chainVariables; left > 0; --left) {
        uint64_t chain = random.below(left); // as likely as what is left of each
        uint32_t which = 0;
        while (chain >= chainVariables - told[which]) {
            chain -= chainVariables - told[which++];
        }
        const uint32_t place = told[which]++;
        passages.scattered.push_back("VAR " + names[which][place] + " = " +
                                     (place == 0 ? codes[which] : "VAR " + names[which][place - 1]) + ".");
    }
    passages.question = "Find all variables that are assigned the value " + codes[0] + " in the text above.";
    passages.expected = names[0];
    passages.planned.assign(chainVariables, 2); // where it is set and where the next is set to it
    passages.planned.back() = 1;
    return passages;
}

} // namespace

const std::string_view codedQuestion = "Which three words occur most often in the text above?";

std::string_view kindName(NeedleKind kind) {
    switch (kind) {
    case NeedleKind::Single: return "single";
    case NeedleKind::MultiKey: return "multikey";
    case NeedleKind::MultiValue: return "multivalue";
    case NeedleKind::MultiQuery: return "multiquery";
    case NeedleKind::VarTrack: return "vartrack";
    case NeedleKind::FreqWords: return "freqwords";
    }
    return {};
}

NeedleKind parseKind(std::string_view name) {
    for (const NeedleKind kind : needleKinds) {
        if (kindName(kind) == name) {
            return kind;
        }
    }
    throw trace::Error(
        "needle.kind",
        "“{name}” is no kind of needle; single, multikey, multivalue, multiquery, vartrack and freqwords are.",
        {{"name", std::string(name)}});
}

bool hasDepth(NeedleKind kind) { return kind != NeedleKind::VarTrack && kind != NeedleKind::FreqWords; }

uint32_t answerTokens(NeedleKind kind) {
    switch (kind) {
    case NeedleKind::Single:
    case NeedleKind::MultiKey: return 32;
    case NeedleKind::FreqWords: return 48;
    case NeedleKind::MultiValue:
    case NeedleKind::VarTrack: return 64;
    case NeedleKind::MultiQuery: return 96;
    }
    return 0;
}

Passages passagesOf(NeedleKind kind, Random& random) {
    switch (kind) {
    case NeedleKind::Single: return keys(1, random);
    case NeedleKind::MultiKey: return keys(manyNeedles, random);
    case NeedleKind::MultiValue: return values(random);
    case NeedleKind::MultiQuery: return queries(random);
    case NeedleKind::VarTrack: return assignments(random);
    case NeedleKind::FreqWords: break;
    }
    return {};
}

CodedText codedText(uint32_t words, Random random) {
    CodedText coded;
    std::set<std::string> taken;
    std::vector<std::string> all;
    for (uint64_t rank = 1; all.size() < words; ++rank) {
        const uint64_t share = uint64_t{words} * 6079 / (10'000 * rank * rank); // 6 ÷ π² = 0.6079
        std::string word;
        do {
            word = drawWord(codedLetters, 'a', random);
        } while (!taken.insert(word).second);
        const auto times = static_cast<uint32_t>(std::min<uint64_t>(std::max<uint64_t>(share, 1), words - all.size()));
        all.insert(all.end(), times, word);
        if (rank <= 3) {
            coded.expected.push_back(word);
            coded.planned.push_back(times);
        }
    }
    random.shuffle(all);
    coded.text = joined(all);
    return coded;
}

} // namespace moescope::needle
