// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/conversationlist.h"

#include <QStyledItemDelegate>

namespace moescope::ui {

/** Paints the rows of the sidebar: heads, conversations with time, two-line search results with the hits marked. */
class ConversationDelegate : public QStyledItemDelegate {
    Q_OBJECT
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    /** The conversation in view keeps its fill while the cursor wanders. `draft`: the new one is in view. */
    void setOpen(qint64 conversation, bool draft);

    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    QWidget* createEditor(QWidget* parent, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    void updateEditorGeometry(QWidget* editor, const QStyleOptionViewItem& option,
                              const QModelIndex& index) const override;

private:
    bool isOpen(const QModelIndex& index) const;

    qint64 m_open = 0;
    bool m_draft = false;
};

} // namespace moescope::ui
