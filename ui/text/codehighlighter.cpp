// SPDX-License-Identifier: Apache-2.0
#include "ui/text/codehighlighter.h"

#include "ui/text/codelanguages.h"

namespace moescope::ui {

namespace {

constexpr int kInComment = 1;
constexpr int kInLongQuote = 2; ///< + index of the quote

bool isWordStart(QChar c) { return c.isLetter() || c == QLatin1Char('_'); }
bool isWord(QChar c) { return c.isLetterOrNumber() || c == QLatin1Char('_'); }

class LineScanner {
public:
    LineScanner(const CodeLanguage& language, QStringView line, int& state)
        : m_language(language), m_line(line), m_state(state) {}

    QList<CodeSpan> run() {
        qsizetype i = resume();
        while (i < m_line.size()) {
            i = step(i);
        }
        return std::move(m_spans);
    }

private:
    void add(qsizetype from, qsizetype to, CodeToken token) {
        if (to > from) {
            m_spans += CodeSpan{static_cast<int>(from), static_cast<int>(to - from), token};
        }
    }

    bool standsAt(qsizetype i, const QString& text) const { return !text.isEmpty() && m_line.mid(i).startsWith(text); }

    /** Ends what an earlier line opened. */
    qsizetype resume() {
        if (m_state == kInComment) {
            return untilEnd(0, 0, m_language.comment_end, CodeToken::Comment, kInComment);
        }
        if (m_state >= kInLongQuote && m_state - kInLongQuote < m_language.long_quotes.size()) {
            return untilEnd(0, 0, m_language.long_quotes[m_state - kInLongQuote], CodeToken::String, m_state);
        }
        m_state = 0;
        return 0;
    }

    qsizetype untilEnd(qsizetype from, qsizetype searchFrom, const QString& end, CodeToken token, int openState) {
        const qsizetype found = m_line.indexOf(end, searchFrom);
        const qsizetype to = found < 0 ? m_line.size() : found + end.size();
        m_state = found < 0 ? openState : 0;
        add(from, to, token);
        return to;
    }

    qsizetype step(qsizetype i) {
        const QChar c = m_line[i];
        for (const QString& mark : m_language.line_comments) {
            // "#" inside a word or "$#" is no comment in a shell.
            const bool afterWord = mark == QLatin1String("#") && i > 0 && !m_line[i - 1].isSpace();
            if (standsAt(i, mark) &&
                !(afterWord && m_language.comment_begin.isEmpty() && m_language.long_quotes.isEmpty())) {
                add(i, m_line.size(), CodeToken::Comment);
                return m_line.size();
            }
        }
        if (standsAt(i, m_language.comment_begin)) {
            return untilEnd(i, i + m_language.comment_begin.size(), m_language.comment_end, CodeToken::Comment,
                            kInComment);
        }
        for (int k = 0; k < m_language.long_quotes.size(); ++k) {
            const QString& quote = m_language.long_quotes[k];
            if (standsAt(i, quote)) {
                return untilEnd(i, i + quote.size(), quote, CodeToken::String, kInLongQuote + k);
            }
        }
        if (m_language.quotes.contains(c) && !(m_language.markup && !m_inTag)) {
            return string(i, c);
        }
        if (m_language.markup) {
            return markup(i);
        }
        if (c.isDigit()) {
            return number(i);
        }
        return isWordStart(c) ? word(i) : i + 1;
    }

    qsizetype string(qsizetype from, QChar quote) {
        qsizetype i = from + 1;
        while (i < m_line.size() && m_line[i] != quote) {
            i += m_line[i] == QLatin1Char('\\') ? 2 : 1;
        }
        i = qMin(i + 1, m_line.size());
        add(from, i, CodeToken::String);
        return i;
    }

    qsizetype number(qsizetype from) {
        qsizetype i = from;
        while (i < m_line.size() && (isWord(m_line[i]) || m_line[i] == QLatin1Char('.'))) {
            ++i;
        }
        add(from, i, CodeToken::Number);
        return i;
    }

    qsizetype word(qsizetype from) {
        qsizetype i = from;
        while (i < m_line.size() && isWord(m_line[i])) {
            ++i;
        }
        const QString text = m_line.mid(from, i - from).toString();
        if (m_language.keywords.contains(m_language.ignores_case ? text.toLower() : text)) {
            add(from, i, CodeToken::Keyword);
        } else if (i < m_line.size() && m_line[i] == QLatin1Char('(')) {
            add(from, i, CodeToken::Function);
        }
        return i;
    }

    qsizetype markup(qsizetype i) {
        if (m_line[i] == QLatin1Char('<')) {
            m_inTag = true;
            qsizetype end = i + 1;
            while (end < m_line.size() && (isWord(m_line[end]) || QStringLiteral("/!?-:").contains(m_line[end]))) {
                ++end;
            }
            add(i, end, CodeToken::Keyword);
            return end;
        }
        if (m_line[i] == QLatin1Char('>')) {
            if (m_inTag) {
                add(i, i + 1, CodeToken::Keyword);
            }
            m_inTag = false;
            return i + 1;
        }
        if (m_inTag && isWordStart(m_line[i])) {
            qsizetype end = i;
            while (end < m_line.size() && (isWord(m_line[end]) || m_line[end] == QLatin1Char('-'))) {
                ++end;
            }
            add(i, end, CodeToken::Function);
            return end;
        }
        return i + 1;
    }

    const CodeLanguage& m_language;
    QStringView m_line;
    int& m_state;
    bool m_inTag = false;
    QList<CodeSpan> m_spans;
};

} // namespace

const CodeLanguage* codeLanguage(const QString& name) {
    const QString lower = name.toLower();
    for (const CodeLanguage& language : codeLanguages()) {
        if (language.names.contains(lower)) {
            return &language;
        }
    }
    return nullptr;
}

QString codeLanguageTitle(const QString& name) {
    const CodeLanguage* language = codeLanguage(name);
    return language != nullptr ? language->title : name;
}

QList<CodeSpan> highlightLine(const CodeLanguage& language, QStringView line, int& state) {
    return LineScanner(language, line, state).run();
}

} // namespace moescope::ui
