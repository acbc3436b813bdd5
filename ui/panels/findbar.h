// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/conversation.h"
#include "ui/text/blocklayout.h"

#include <QHash>
#include <QWidget>

class QLabel;

namespace moescope::ui {

class IconButton;
class SearchField;

/** Finds a text in the messages of one chat, without regard to case. */
class FindBar : public QWidget {
    Q_OBJECT
public:
    explicit FindBar(QWidget* parent = nullptr);

    void open();
    void close();
    /** The messages changed: counts anew and stays at the same hit where it can. */
    void setMessages(const QList<MessageView>& messages);

    /** All hits by message. One in document `i` of a message begins and ends at −1 − i: its chip stands for it. */
    QHash<qint64, QList<SourceRange>> hits() const;
    /** Message of the hit in view, 0: none; `begin` gets its place. */
    qint64 current(int* begin) const;

signals:
    /** hits() or current() changed. */
    void marksChanged();
    /** The hit in view; message 0: none. */
    void found(qint64 message, int begin, int end);
    void closed();

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;
    void paintEvent(QPaintEvent* event) override;

private:
    struct Hit {
        qint64 message = 0;
        int begin = 0;
    };

    void search(const QString& text);
    void searchDocuments(const MessageView& message, const QString& text, const Hit& before);
    void searchPart(const MessageView& message, const QString& text, int begin, int end, const Hit& before);
    void step(int by);
    void refresh();

    SearchField* m_field = nullptr;
    QLabel* m_count = nullptr;
    IconButton* m_previous = nullptr;
    IconButton* m_next = nullptr;
    QList<MessageView> m_messages;
    QList<Hit> m_hits;
    int m_at = -1;
};

} // namespace moescope::ui
