// SPDX-License-Identifier: Apache-2.0
#include "app/store/storeimpl.h"

#include <QStringMatcher>

#include <algorithm>

namespace moescope::store {
namespace {

constexpr qsizetype queryLength = 500;   // UTF-16 units that count of a query
constexpr qsizetype snippetBefore = 32;  // UTF-16 units before the first mark
constexpr qsizetype snippetLength = 160; // UTF-16 units in all
constexpr qsizetype trigram = 3;         // characters below which the index knows no word

struct Words {
    QList<QStringMatcher> all;
    QString match;             ///< for FTS5: the words that the index knows, as quoted strings; empty: none
    bool needsReading = false; ///< there are words that the index does not know
};

Words wordsOf(const QString& query) {
    Words words;
    for (const QString& word : storable(query).left(queryLength).split(QChar(QLatin1Char(' ')), Qt::SkipEmptyParts)) {
        words.all.append(QStringMatcher(word, Qt::CaseInsensitive));
        // A string of FTS5 is literal; its tokenizer ends at NUL.
        if (word.toUcs4().size() < trigram || word.contains(QChar(QChar::Null))) {
            words.needsReading = true;
            continue;
        }
        QString quoted = word;
        quoted.replace(QLatin1Char('"'), QLatin1String("\"\""));
        words.match += QLatin1String("\"") + quoted + QLatin1String("\" ");
    }
    return words;
}

bool holdsAll(const QString& text, const Words& words) {
    return std::all_of(words.all.begin(), words.all.end(),
                       [&](const QStringMatcher& word) { return word.indexIn(text) >= 0; });
}

QList<TextRange> marksIn(const QString& text, const Words& words) {
    QList<TextRange> found;
    for (const QStringMatcher& word : words.all) {
        const qsizetype length = word.pattern().size();
        for (qsizetype at = word.indexIn(text); at >= 0; at = word.indexIn(text, at + length)) {
            found.append({at, length});
        }
    }
    std::sort(found.begin(), found.end(), [](const TextRange& a, const TextRange& b) { return a.start < b.start; });
    QList<TextRange> marks;
    for (const TextRange& range : found) {
        if (!marks.isEmpty() && range.start <= marks.last().start + marks.last().length) {
            TextRange& last = marks.last();
            last.length = std::max(last.start + last.length, range.start + range.length) - last.start;
        } else {
            marks.append(range);
        }
    }
    return marks;
}

/** Without so many characters at its begin. */
QString behind(const QString& text, qint64 characters) {
    qsizetype begin = 0;
    for (; characters > 0 && begin < text.size(); --characters) {
        begin += text.at(begin).isHighSurrogate() ? 2 : 1; // no lone one is stored
    }
    return text.mid(begin);
}

void makeSnippet(SearchHit& hit, const QString& text, const Words& words) {
    qsizetype first = text.size();
    for (const QStringMatcher& word : words.all) {
        const qsizetype at = word.indexIn(text);
        first = at >= 0 ? std::min(first, at) : first;
    }
    first = first == text.size() ? 0 : first; // the index folds a few letters that Qt keeps apart: no mark then
    qsizetype start = std::max<qsizetype>(0, first - snippetBefore);
    qsizetype end = std::min(text.size(), start + snippetLength);
    start += start > 0 && text.at(start).isLowSurrogate() ? 1 : 0;
    end -= end < text.size() && text.at(end).isLowSurrogate() ? 1 : 0;
    QString line = text.sliced(start, end - start);
    hit.marks = marksIn(line, words);
    for (QChar& c : line) {
        c = c.isSpace() || c.category() == QChar::Other_Control ? QChar(QLatin1Char(' ')) : c;
    }
    if (start > 0) {
        line.prepend(QChar(0x2026));
        for (TextRange& mark : hit.marks) {
            ++mark.start;
        }
    }
    if (end < text.size()) {
        line.append(QChar(0x2026));
    }
    hit.snippet = line;
}

/** One search: collects up to `limit` hits. */
class Search {
public:
    Search(Connection& database, const Words& words, int limit, const std::atomic<bool>* cancel)
        : m_database(database), m_words(words), m_limit(limit), m_cancel(cancel) {}

    SearchResult run() {
        collect(QStringLiteral("SELECT c.id, 0, c.title, 'user', c.changed, c.title, 0 FROM "), titles(),
                m_result.hits);
        QList<SearchHit> messages;
        if (!m_words.match.isEmpty()) {
            collect(messageColumns(),
                    QStringLiteral("text_search s JOIN messages m ON m.id = s.rowid JOIN conversations c "
                                   "ON c.id = m.conversation WHERE text_search MATCH ? AND c.deleted_at IS NULL "
                                   "ORDER BY s.rowid DESC"),
                    messages);
            collect(messageColumns(), readMessages(QStringLiteral("m.indexed = 0 AND")), messages);
            std::sort(messages.begin(), messages.end(),
                      [](const SearchHit& a, const SearchHit& b) { return a.message > b.message; });
        } else {
            collect(messageColumns(), readMessages(QString()), messages);
        }
        m_result.hits += messages;
        if (m_result.hits.size() > m_limit) {
            m_result.hits.resize(m_limit);
            m_result.complete = false;
        }
        return m_result;
    }

private:
    static QString messageColumns() {
        return QStringLiteral("SELECT c.id, m.id, c.title, m.role, m.created, m.text, m.answer_begin FROM ");
    }
    static QString readMessages(const QString& condition) {
        return QStringLiteral("messages m JOIN conversations c ON c.id = m.conversation WHERE %1 c.deleted_at IS NULL "
                              "ORDER BY m.id DESC")
            .arg(condition);
    }
    QString titles() const {
        const QString order = QStringLiteral("c.deleted_at IS NULL ORDER BY c.changed DESC, c.id DESC");
        return m_words.match.isEmpty() ? QStringLiteral("conversations c WHERE ") + order
                                       : QStringLiteral("title_search s JOIN conversations c ON c.id = s.rowid "
                                                        "WHERE title_search MATCH ? AND ") +
                                             order;
    }

    void collect(const QString& columns, const QString& source, QList<SearchHit>& hits) {
        const bool indexed = source.contains(QLatin1String("MATCH"));
        QSqlQuery rows = m_database.query(columns + source, indexed ? QVariantList{m_words.match} : QVariantList{});
        while (m_database.next(rows)) {
            if (m_cancel != nullptr && m_cancel->load()) {
                m_result.complete = false;
                return;
            }
            const QString text = behind(rows.value(5).toString(), rows.value(6).toLongLong());
            if ((!indexed || m_words.needsReading) && !holdsAll(text, m_words)) {
                continue;
            }
            if (hits.size() >= m_limit) {
                m_result.complete = false;
                return;
            }
            SearchHit hit;
            hit.conversation = rows.value(0).toLongLong();
            hit.message = rows.value(1).toLongLong();
            hit.title = rows.value(2).toString();
            hit.role = rows.value(3).toString() == roleName(Role::Assistant) ? Role::Assistant : Role::User;
            hit.date = toTime(rows.value(4));
            makeSnippet(hit, text, m_words);
            hits.append(hit);
        }
    }

    Connection& m_database;
    const Words& m_words;
    qsizetype m_limit;
    const std::atomic<bool>* m_cancel;
    SearchResult m_result;
};

} // namespace

SearchResult searchIn(Connection& database, const QString& query, int limit, const std::atomic<bool>* cancel) {
    const Words words = wordsOf(query.simplified());
    return words.all.isEmpty() || limit <= 0 ? SearchResult() : Search(database, words, limit, cancel).run();
}

SearchResult Store::search(const QString& query, int limit, const std::atomic<bool>* cancel) const {
    Connection& database = *m_impl->database;
    try {
        return searchIn(database, query, limit, cancel);
    } catch (const trace::Error& error) {
        if (error.id() != "store.index_damaged") {
            throw;
        }
    }
    // Only the index is damaged, which can be made anew from the texts.
    Transaction transaction(database);
    database.query(QStringLiteral("INSERT INTO title_search (title_search) VALUES ('rebuild')"));
    database.query(QStringLiteral("INSERT INTO text_search (text_search) VALUES ('rebuild')"));
    transaction.commit();
    return searchIn(database, query, limit, cancel);
}

} // namespace moescope::store
