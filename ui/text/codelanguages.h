// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QSet>
#include <QString>
#include <QStringList>

namespace moescope::ui {

/** What tells the tokens of one language apart. */
struct CodeLanguage {
    QString title;
    QStringList names; ///< lower case, as in a fence's info string
    QSet<QString> keywords;
    QStringList line_comments;
    QString comment_begin; ///< empty: no block comments
    QString comment_end;
    QString quotes;          ///< each opens and closes a string of one line
    QStringList long_quotes; ///< open and close strings of many lines
    bool ignores_case = false;
    bool markup = false; ///< tags in place of keywords
};

const QList<CodeLanguage>& codeLanguages();

} // namespace moescope::ui
