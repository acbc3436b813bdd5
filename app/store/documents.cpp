// SPDX-License-Identifier: Apache-2.0
#include "app/store/documents.h"

#include "app/store/connection.h"
#include "app/store/values.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

#include <algorithm>

namespace moescope::store {
namespace {

constexpr QLatin1String keyDocuments("documents");
constexpr QLatin1String keyWords("words");
constexpr QLatin1String keyName("name");
constexpr QLatin1String keyTokens("tokens");
constexpr QLatin1String keyBegin("begin");
constexpr QLatin1String keyEnd("end");

/** Longer than every row of backticks in the text. */
QString fenceFor(const QString& text) {
    qsizetype longest = 2;
    qsizetype run = 0;
    for (const QChar c : text) {
        run = c == QLatin1Char('`') ? run + 1 : 0;
        longest = std::max(longest, run);
    }
    return QString(longest + 1, QLatin1Char('`'));
}

} // namespace

PromptText composePrompt(const QList<Document>& documents, const QString& words) {
    PromptText prompt;
    for (const Document& document : documents) {
        const QString text = storable(document.text);
        const QString name = titleLine(storable(document.name));
        const QString fence = fenceFor(text);
        prompt.text += name + QLatin1String(":\n") + fence + QLatin1Char('\n');
        const qsizetype begin = prompt.text.size();
        prompt.text += text;
        prompt.documents.append({name, document.tokens, begin, prompt.text.size()});
        prompt.text +=
            (text.endsWith(QLatin1Char('\n')) ? QString() : QStringLiteral("\n")) + fence + QLatin1String("\n\n");
    }
    prompt.words_begin = prompt.text.size();
    prompt.text += storable(words);
    return prompt;
}

QList<Document> documentsOf(const QString& text, const QList<DocumentSpan>& spans) {
    QList<Document> documents;
    for (const DocumentSpan& span : spans) {
        documents.append({span.name, text.mid(span.begin, span.end - span.begin), span.tokens});
    }
    return documents;
}

QString documentsText(const PromptText& prompt) {
    QJsonArray list;
    for (const DocumentSpan& span : prompt.documents) {
        list.append(QJsonObject{{keyName, span.name},
                                {keyTokens, static_cast<qint64>(span.tokens)},
                                {keyBegin, static_cast<qint64>(span.begin)},
                                {keyEnd, static_cast<qint64>(span.end)}});
    }
    const QJsonObject all{{keyDocuments, list}, {keyWords, static_cast<qint64>(prompt.words_begin)}};
    return QString::fromUtf8(QJsonDocument(all).toJson(QJsonDocument::Compact));
}

PromptText readDocuments(const QString& text, const QString& stored) {
    PromptText prompt{text, {}, 0};
    const QJsonObject all = QJsonDocument::fromJson(stored.toUtf8()).object();
    qsizetype last = 0;
    for (const QJsonValue& value : all.value(keyDocuments).toArray()) {
        const QJsonObject at = value.toObject();
        const DocumentSpan span{
            titleLine(at.value(keyName).toString()),
            static_cast<quint32>(std::clamp<qint64>(at.value(keyTokens).toInteger(), 0, UINT32_MAX)),
            static_cast<qsizetype>(at.value(keyBegin).toInteger(-1)),
            static_cast<qsizetype>(at.value(keyEnd).toInteger(-1))};
        if (span.begin < last || span.end < span.begin || span.end > text.size()) {
            return {text, {}, 0};
        }
        last = span.end;
        prompt.documents.append(span);
    }
    prompt.words_begin = static_cast<qsizetype>(all.value(keyWords).toInteger(-1));
    return prompt.words_begin >= last && prompt.words_begin <= text.size() ? prompt : PromptText{text, {}, 0};
}

} // namespace moescope::store
