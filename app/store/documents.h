// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QList>
#include <QString>

namespace moescope::store {

/** A text that goes along with a prompt. */
struct Document {
    QString name;       ///< one line
    QString text;       ///< with the line ends of Unix
    quint32 tokens = 0; ///< of its text, as they were counted when it was added; 0: not known

    bool operator==(const Document&) const = default;
};

/** Where a document stands in the text of a prompt. */
struct DocumentSpan {
    QString name;
    quint32 tokens = 0;  ///< 0: not known
    qsizetype begin = 0; ///< UTF-16 units of the prompt's text
    qsizetype end = 0;

    bool operator==(const DocumentSpan&) const = default;
};

/** A prompt as it is stored and as the model reads it: each document in a fence that its text does not hold, under its
 *  name, and then the words of the user. */
struct PromptText {
    QString text;
    QList<DocumentSpan> documents; ///< in order
    qsizetype words_begin = 0;     ///< UTF-16 units of the text
};

PromptText composePrompt(const QList<Document>& documents, const QString& words);
/** The documents of a prompt, to be sent with other words. */
QList<Document> documentsOf(const QString& text, const QList<DocumentSpan>& spans);

/** As the column `documents` holds it. */
QString documentsText(const PromptText& prompt);
/** Nothing of it where it does not fit `text`: a damaged field must not make a message unreadable. */
PromptText readDocuments(const QString& text, const QString& stored);

} // namespace moescope::store
