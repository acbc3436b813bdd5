// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/rundraft.h"
#include "ui/models/runtrace.h"

#include <QString>
#include <QStringList>

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace moescope::ui {

enum class RunPhase { Queued, Loading, Reading, Answering, Done, Cancelled, Failed };
/** Whether the answer has what was to be found; None: nothing was. */
enum class NeedleVerdict { None, Found, Missed };

/** The marked passage of a prompt, with a little of the text around it. */
struct PassageView {
    QString before;
    QString passage;
    QString after;
    int first_token = -1; ///< of the passage in the prompt, from 0; −1: the prompt has no marked passage
    int tokens = 0;       ///< of the passage

    bool isEmpty() const { return first_token < 0; }
    bool operator==(const PassageView&) const = default;
};

/** A run of a comparison as it is now. */
struct RunView {
    qint64 id = 0;
    qint64 answer = -1; ///< message id of its answer: what Selection calls a run
    QString title;      ///< what differs
    QString model;      ///< "Nano"
    QString model_type; ///< "Q4_K"
    QStringList facts;  ///< "needle at 50 %", "today 14:52"
    RunPhase phase = RunPhase::Queued;
    double progress = 0; ///< 0…1 of Loading and Reading
    double left_s = -1;  ///< −1: not known
    QString error;       ///< a sentence, with Failed
    NeedleVerdict verdict = NeedleVerdict::None;
    QString machine; ///< of a capture made elsewhere; empty: this one
    int prompt_tokens = 0;
    int reused_tokens = 0; ///< of them those that were in the KV cache
    int answer_tokens = 0;
    // 0: not known. Tokens a second are of those that were computed.
    double first_token_ms = 0;
    double prefill_tps = 0;
    double decode_tps = 0;
    int measured = 0; ///< runs that the speeds are the median of; 0: they are of the run itself
    quint64 kv_bytes = 0;
    QString kv_type;     ///< "f16"
    QString stop_reason; ///< a part of a sentence: "stopped at end of text"
    PassageView passage;
    /** Share 0…1 of the answer tokens' attention on the passage, by layer of the model, mean over heads; empty: not
     *  recorded. */
    std::vector<float> passage_mass;
    int passage_mass_n = 0;                ///< answer tokens that it is the mean of
    QString model_key;                     ///< runs with equal keys have the same routers; empty: none
    QString tokenizer_key;                 ///< tokens of runs with equal keys can be aligned; empty: only words can
    std::shared_ptr<const RunTrace> trace; ///< null until there is an answer
    RunDraft draft;

    bool isRunning() const {
        return phase == RunPhase::Loading || phase == RunPhase::Reading || phase == RunPhase::Answering;
    }
    bool hasAnswer() const { return trace != nullptr && !trace->isEmpty(); }
};

/** A grid of needle cases: lengths by depths. */
struct NeedleGridView {
    struct Cell {
        int found = 0;
        int n = 0; ///< cases that are over
        double low = 0;
        double high = 1; ///< Wilson's 95 % interval of the share found
        double seconds = 0;
        bool failed = false;

        bool operator==(const Cell&) const = default;
    };

    QString kind; ///< in words: "single"
    std::vector<uint32_t> lengths;
    std::vector<uint32_t> depths; ///< %; empty: the kind has none, there is one row "Whole text"
    std::vector<Cell> cells;      ///< a row a length, in it a cell a depth
    int cases = 0;                ///< of a cell
    int done = 0;                 ///< cases
    int all = 0;
    int current = -1; ///< index of the cell that is run; −1: none
    bool running = false;
    bool paused = false;
    double left_s = -1; ///< −1: not known
    QString error;      ///< a sentence: what ended it

    bool operator==(const NeedleGridView&) const = default;

    int columns() const { return static_cast<int>(lengths.size()); }
    int rows() const { return depths.empty() ? 1 : static_cast<int>(depths.size()); }
    int index(int column, int row) const { return column * rows() + row; }
    /** Index in `cells`; −1: it is no cell of the grid. */
    int find(uint32_t length, uint32_t depth) const;
};

/** What a grid is to be made of. */
struct NeedleGridSettings {
    QString kind; ///< "single", "multikey" … as the command line has it
    std::vector<uint32_t> lengths;
    std::vector<uint32_t> depths; ///< %
    int cases = 10;               ///< of a cell
    quint64 seed = 1;
    QString haystack; ///< path; empty: the text that is shipped

    bool operator==(const NeedleGridSettings&) const = default;
};

} // namespace moescope::ui

Q_DECLARE_METATYPE(moescope::ui::NeedleGridSettings)
