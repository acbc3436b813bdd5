// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QString>

#include <string>

namespace moescope::ui {

/** What kind of text a token is: a property of its characters alone. */
enum class TokenClass {
    Word,        ///< letters, with marks, apostrophes or hyphens inside
    Cjk,         ///< Han, Kana, Hangul or Bopomofo
    Digits,      ///< decimal digits, with separators inside
    Punctuation, ///< punctuation alone
    Symbol,      ///< signs such as + or €, emoji
    Whitespace,  ///< spaces and tabs
    LineBreak,   ///< whitespace with a line break in it
    Mixed,       ///< more than one of these
    Bytes        ///< part of a character: not valid UTF-8 by itself
};

/** Class of the token's bytes; spaces around a word do not count. */
TokenClass tokenClass(const std::string& bytes);
/** "word", "digits" … */
QString tokenClassName(TokenClass kind);

/** The token as a chart shows it: space "·", line break "↵", tab "→", bytes outside UTF-8 and control characters as
 *  "‹E4›". */
QString tokenLabel(const std::string& bytes);
/** The label of a token's text without the spaces in front, if there is more: for a box of its own beside words. */
QString tokenName(const QString& text);
/** Number of a token in words, from 1: the last of 148 is "148". `token` counts from 0. */
QString tokenNumber(int token);
/** A place in the context, which counts from 0 inside, as it is shown: from 1 on, as tokens are. */
QString positionNumber(int position);
/** Whether a new row begins after it: a line break is in it. */
bool breaksLine(const std::string& bytes);

} // namespace moescope::ui
