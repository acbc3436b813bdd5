// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/trace/info.h"
#include "engine/trace/intervention.h"

#include <QDateTime>
#include <QList>
#include <QMetaType>
#include <QString>

#include <optional>

namespace moescope::ui {

/** What the composer's settings chip shows and its popover edits. */
struct SamplingView {
    double temperature = 0.8; ///< 0: greedy
    int top_k = 40;           ///< 0: off
    double top_p = 0.95;      ///< 1: off
    double min_p = 0;         ///< 0: off
    double repetition_penalty = 1;
    std::optional<quint64> seed = std::nullopt; ///< unset: random
    int max_tokens = 0;                         ///< 0: until the context is full
    bool thinking = true;                       ///< where the model has a switch for it
    QString system_prompt = {};

    bool operator==(const SamplingView&) const = default;
};

/** A token that the user put in the place of the one that was sampled: a branch. */
struct TakenToken {
    int token = 0; ///< of the answer
    QString text;  ///< as tokenLabel() has it

    bool operator==(const TakenToken&) const = default;
};

enum class Role { User, Assistant };

enum class AnswerState {
    Complete,
    Reading,     ///< the prompt is being read; `prefill` says how far
    Answering,   ///< tokens arrive
    Interrupted, ///< the app ended or the device was lost; Continue goes on
    Failed       ///< `error` says why
};

struct MessageStats {
    int tokens = 0;
    double tokens_per_second = 0; ///< 0: unknown
    double first_token_ms = 0;    ///< 0: unknown
    double elapsed_ms = 0;        ///< while answering: time so far
    QString stop_reason;          ///< "eos", "stop", "length", "context", "cancelled" or empty

    bool operator==(const MessageStats&) const = default;
};

/** What of an answer's text is thinking, and what is for the reader; UTF-16 units of MessageView::text. What lies
 *  between are marks of the model. */
struct AnswerParts {
    int thinking_begin = 0;
    int thinking_end = 0;   ///< equal: nothing was thought so far
    int answer_begin = 0;   ///< −1: the answer has not begun
    int answer_end = -1;    ///< −1: the end of the text
    bool thinks = false;    ///< the thinking goes on
    double thinking_ms = 0; ///< 0: not known
    int thinking_tokens = 0;

    bool hasThinking() const { return thinks || thinking_end > thinking_begin; }
    bool operator==(const AnswerParts&) const = default;
};

/** A text beside what stands in the composer, or beside the words of a message. */
struct DocumentView {
    enum class State { Reading, Counting, Ready };

    qint64 id = 0; ///< of the composer's
    QString name;  ///< one line
    QString text;  ///< empty while it is read
    State state = State::Ready;
    int tokens = -1; ///< of the loaded model, or as it was counted when it was sent; −1: not known

    bool operator==(const DocumentView&) const = default;
};

/** One message of the branch in view. */
struct MessageView {
    qint64 id = 0;
    qint64 parent = 0;
    Role role = Role::User;
    QString text;           ///< what was written, or all that came from the model so far (Markdown)
    AnswerParts parts = {}; ///< of the text
    QString model;          ///< "Nano"
    QString type;           ///< "Q6_K"
    QString parameters;     ///< "30M, 6.5M active"
    QDateTime created;
    AnswerState state = AnswerState::Complete;
    MessageStats stats;
    trace::PrefillProgress prefill;
    int version = 1;  ///< 1…versions: which sibling is in view
    int versions = 1; ///< siblings of the same parent and role
    QString error;    ///< a sentence, with state Failed
    bool has_trace = false;
    trace::Intervention recipe = {};                     ///< the what-if it was made with; empty: none
    bool captured = false;                               ///< of a capture: nothing is computed for it
    QString recipe_problem = {};                         ///< a sentence: it had one that cannot be read
    std::optional<SamplingView> sampling = std::nullopt; ///< it was made with, the seed included; unset: not kept
    QList<TakenToken> taken = {};                        ///< in order; empty: it is no branch
    QList<DocumentView> documents = {};                  ///< that stand before the words
    QString sent = {};                                   ///< both, as the model reads them; empty: as `text`
    bool cut_above = false;                              ///< the model no longer sees what stands above this message
    int cut_tokens = 0;                                  ///< of that; 0: not known

    QString thinking() const { return text.mid(parts.thinking_begin, parts.thinking_end - parts.thinking_begin); }
    /** Where the text for the reader ends. */
    int answerEnd() const { return parts.answer_end < 0 ? static_cast<int>(text.size()) : parts.answer_end; }
    /** Where it begins; its end if it has not begun. */
    int answerBegin() const { return parts.answer_begin < 0 ? answerEnd() : parts.answer_begin; }
    /** The text for the reader. */
    QString answer() const { return text.mid(answerBegin(), answerEnd() - answerBegin()); }
    /** What a copy of it is: a prompt with its documents. */
    QString whole() const { return sent.isEmpty() ? answer() : sent; }
};

/** What opens with a row of the sidebar. */
enum class ConversationKind { Chat, Comparison };

/** A row of the sidebar. */
struct ConversationRow {
    qint64 id = 0;
    QString title;
    QDateTime changed;
    QDateTime deleted; ///< valid: in Deleted since then
    ConversationKind kind = ConversationKind::Chat;
};

/** A part of a search result that matched, in UTF-16 units of the text beside it. */
struct HitRange {
    int begin = 0;
    int end = 0;
};

struct SearchHit {
    qint64 conversation = 0;
    qint64 message = 0; ///< 0: the title matched
    QString title;
    QList<HitRange> title_hits;
    QString excerpt; ///< one line around the hit; empty if only the title matched
    QList<HitRange> excerpt_hits;
    QDateTime changed;
    bool own = false; ///< the message is the user's; else an answer
};

/** The text of one token inside the answer in view, UTF-16 units of MessageView::text. Tokens that make up one character
 *  together may share it. */
struct TokenRange {
    int begin = 0;
    int end = 0;
};

/** "Temperature 0.7 · top-p 0.9 · random seed". */
QString samplingText(const SamplingView& sampling);
/** As samplingText(), with all that changes what is sampled: an answer is made again by it. */
QString wholeSamplingText(const SamplingView& sampling);
/** "branch: “a” at token 93"; empty: none. */
QString takenText(const QList<TakenToken>& taken);
/** Of MessageStats::stop_reason: "stopped at end of text"; empty for none. */
QString stopText(const QString& reason);
/** "1,204 tokens", "counting…", "reading…"; without a count "4,812 characters". */
QString documentText(const DocumentView& document);
/** "52 tokens · 204 tok/s · first token 41 ms · stopped at end of text"; `brief`: the first two parts. */
QString statsText(const MessageStats& stats, bool brief = false);
/** "Thinking…", "Thought for 3.2 s · 120 tokens". */
QString thinkingText(const AnswerParts& parts);
/** Three figures and a unit: "41 ms", "1.8 s", "2 min 5 s". */
QString durationText(double ms);
/** Three figures: "9.6", "204". */
QString figureText(double value);
/** 1234567 → "1,234,567". */
QString groupedText(qint64 value);
/** Time for a list row: "now", "14:32", "19 Nov", "19 Nov 2025"; without a head that says the date, "Mon" within a
 *  week. */
QString shortTime(const QDateTime& when, const QDateTime& now, bool underDateHead);

} // namespace moescope::ui

Q_DECLARE_METATYPE(moescope::ui::SamplingView)
