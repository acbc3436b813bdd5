// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/trace/attention_weights.h"
#include "ui/models/tabularmodel.h"

#include <QList>
#include <QString>

#include <memory>
#include <string>
#include <vector>

namespace moescope::ui {

/** What the heads of one layer looked at from one token, and what stands in the context up to it. Shares are of a head's
 *  weight, 0…1; a head of −1 is the mean of all. */
class AttentionState {
public:
    /** A message of the context. */
    struct Message {
        QString role; ///< “system”, “user”, “assistant” …; empty: a whole prompt whose messages are others since
        int first = 0;
    };
    /** Weight on positions first…last, n of them. */
    struct Mass {
        QString label;
        int first = 0;
        int last = 0;
        double share = 0;

        int n() const { return last - first + 1; }
    };

    AttentionState() = default;
    /** `texts`: bytes of each token up to the position; `messages` in order, the answer last. */
    AttentionState(std::shared_ptr<const trace::AttentionWeights> weights,
                   std::shared_ptr<const std::vector<std::string>> texts, QList<Message> messages);

    bool isEmpty() const { return m_weights == nullptr; }
    int position() const { return isEmpty() ? -1 : int(m_weights->position); }
    int layer() const { return isEmpty() ? -1 : int(m_weights->layer); }
    int heads() const { return isEmpty() ? 0 : int(m_weights->heads); }
    int positions() const { return position() + 1; }
    bool hasLearnedSinks() const { return !isEmpty() && !m_weights->sinks.empty(); }

    double weight(int head, int position) const;
    /** Share of a head that a learned sink takes: it reads no token. 0 where the model has none. */
    double learnedSink(int head) const;
    double most() const { return m_most; } ///< largest weight of any head
    /** The position of most weight. */
    int top(int head) const;
    /** The `count` positions of most weight, most first. */
    QList<int> tops(int head, int count) const;
    /** The largest weight of each bin of `size` positions. */
    std::vector<double> binned(int head, int size) const;
    double maximum(int head, int first, int last) const;
    /** By how far back it is: 0, 1–3, 4–15, 16–63 … With the learned sink the shares sum to 1. */
    QList<Mass> byDistance(int head) const;
    /** By message, likewise; messages that the template leaves out are not there. */
    QList<Mass> byMessage(int head) const;
    /** “System”, “You 1”, “Answer 1”, “This answer”. */
    QString messageAt(int position) const;
    /** The token as a chart shows it. */
    QString token(int position) const;

private:
    double shareOf(int head, int first, int last) const;

    std::shared_ptr<const trace::AttentionWeights> m_weights;
    std::shared_ptr<const std::vector<std::string>> m_texts;
    QList<Message> m_messages;
    QStringList m_labels; ///< of m_messages
    double m_most = 0;
};

/** Twin of Attention: a row a head, or, of one head, a row a position. Shares in %. */
class AttentionTable : public TabularModel {
    Q_OBJECT
public:
    explicit AttentionTable(QObject* parent = nullptr);
    /** `head` −1: all heads. */
    void setState(const AttentionState& state, int head);
    const AttentionState& state() const { return m_state; }
    int head() const { return m_head; }

protected:
    QVariant raw(int row, int column) const override;
    QString text(int row, int column) const override;
    bool isText(int column) const override;

private:
    const std::vector<QVariant>& rowOf(int head) const;

    enum class Kind { Number, Percent, Words };

    AttentionState m_state;
    int m_head = -1;
    QList<Kind> m_kinds;
    mutable std::vector<std::vector<QVariant>> m_rows; ///< of the heads, each made when it is first read
};

} // namespace moescope::ui
