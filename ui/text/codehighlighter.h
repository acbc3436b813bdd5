// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QList>
#include <QString>
#include <QStringView>

namespace moescope::ui {

enum class CodeToken { Keyword, String, Number, Comment, Function };

struct CodeSpan {
    int start = 0;
    int length = 0;
    CodeToken token = CodeToken::Keyword;

    bool operator==(const CodeSpan&) const = default;
};

struct CodeLanguage;

/** The language of a fence's info string ("py", "c++", "rs"), or nullptr where no table is known: then nothing is
 *  coloured. */
const CodeLanguage* codeLanguage(const QString& name);
/** "Python" for "py"; the name as written where no table is known. */
QString codeLanguageTitle(const QString& name);

/** Finds the tokens of one line. `state` is 0 at the start of a block and carries open comments and strings from line to
 *  line. Linear in the length of the line. */
QList<CodeSpan> highlightLine(const CodeLanguage& language, QStringView line, int& state);

} // namespace moescope::ui
