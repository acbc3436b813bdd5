// SPDX-License-Identifier: Apache-2.0
#include "app/store/values.h"

#include <QHash>
#include <QSet>
#include <QTextBoundaryFinder>

#include <algorithm>

namespace moescope::store {
namespace {

constexpr qsizetype titleLength = 60; // characters, the mark of a cut included

bool isUnfitForLine(QChar c) {
    const char16_t u = c.unicode();
    // Marks that turn the direction of text would turn the list around a title, too.
    return c.category() == QChar::Other_Control || (u >= 0x202A && u <= 0x202E) || (u >= 0x2066 && u <= 0x2069);
}

/** Boundary of `kind` at or before `limit`; 0: none. */
qsizetype boundaryBefore(QTextBoundaryFinder::BoundaryType kind, const QString& text, qsizetype limit) {
    QTextBoundaryFinder finder(kind, text);
    finder.setPosition(limit);
    return finder.isAtBoundary() ? limit : std::max<qsizetype>(0, finder.toPreviousBoundary());
}

} // namespace

QString roleName(Role role) {
    switch (role) {
    case Role::System: return QStringLiteral("system");
    case Role::User: return QStringLiteral("user");
    case Role::Assistant: return QStringLiteral("assistant");
    }
    return {};
}

QString stateName(MessageState state) {
    switch (state) {
    case MessageState::Complete: return QStringLiteral("complete");
    case MessageState::Streaming: return QStringLiteral("streaming");
    case MessageState::Interrupted: return QStringLiteral("interrupted");
    case MessageState::Cancelled: return QStringLiteral("cancelled");
    case MessageState::Failed: return QStringLiteral("failed");
    }
    return {};
}

QString titleLine(const QString& text) {
    constexpr qsizetype enough = 4096; // a title needs no more of a long paste
    QString line;
    for (const QChar c : QStringView(text).first(std::min(text.size(), enough))) {
        const bool isBreak = c == QLatin1Char('\n') || c == QLatin1Char('\r') || c == QChar::LineSeparator ||
                             c == QChar::ParagraphSeparator;
        if (isBreak && !line.trimmed().isEmpty()) {
            break;
        }
        if (c.isSpace() || isBreak) {
            line.append(QLatin1Char(' '));
        } else if (!isUnfitForLine(c)) {
            line.append(c);
        }
    }
    return line.simplified();
}

QString titleFrom(const QString& text) {
    const QString line = titleLine(text);
    if (line.size() <= titleLength) {
        return line;
    }
    const qsizetype room = titleLength - 1; // for "…"
    qsizetype cut = boundaryBefore(QTextBoundaryFinder::Word, line, room);
    if (cut < titleLength / 3) { // one endless word
        cut = boundaryBefore(QTextBoundaryFinder::Grapheme, line, room);
    }
    if (cut == 0) { // one endless cluster
        cut = line.at(room - 1).isHighSurrogate() ? room - 1 : room;
    }
    return line.first(cut).trimmed() + QChar(0x2026);
}

QList<Message> branch(const QList<Message>& messages, qint64 leaf) {
    QHash<qint64, qsizetype> places;
    for (qsizetype i = 0; i < messages.size(); ++i) {
        places.insert(messages.at(i).id, i);
    }
    QList<Message> path;
    // A parent is older than its child, so the way up ends; the size guards against a list that breaks this.
    for (qint64 id = leaf; id != 0 && places.contains(id) && path.size() < messages.size();) {
        path.append(messages.at(places.value(id)));
        id = path.last().parent;
    }
    std::reverse(path.begin(), path.end());
    return path;
}

QList<Message> branch(const QList<Message>& messages, qint64 leaf, const ContextView& view) {
    QList<Message> path = branch(messages, leaf);
    const auto first = std::find_if(path.begin(), path.end(), [&](const Message& m) { return m.id == view.from; });
    if (view.from != 0 && first != path.end()) {
        path.erase(path.begin(), first);
    }
    return path;
}

ContextView viewAt(const QList<Message>& messages, qint64 leaf) {
    const QList<Message> path = branch(messages, leaf);
    const auto answer =
        std::find_if(path.rbegin(), path.rend(), [](const Message& m) { return m.role == Role::Assistant; });
    if (answer == path.rend()) {
        return {};
    }
    const qint64 from = answer->view.from;
    const bool there = std::any_of(path.begin(), path.end(), [from](const Message& m) { return m.id == from; });
    return there ? answer->view : ContextView();
}

QList<qint64> versions(const QList<Message>& messages, qint64 message) {
    const auto self = std::find_if(messages.begin(), messages.end(), [&](const Message& m) { return m.id == message; });
    QList<qint64> ids;
    if (self == messages.end()) {
        return ids;
    }
    for (const Message& other : messages) {
        if (other.parent == self->parent && other.role == self->role) {
            ids.append(other.id);
        }
    }
    std::sort(ids.begin(), ids.end());
    return ids;
}

qint64 newestLeaf(const QList<Message>& messages, qint64 message) {
    QSet<qint64> under = {message};
    qint64 leaf = message;
    for (const Message& m : messages) { // parents come before their children
        if (under.contains(m.parent)) {
            under.insert(m.id);
            leaf = std::max(leaf, m.id);
        }
    }
    return leaf;
}

} // namespace moescope::store
