// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/conversation.h"

#include <QAbstractButton>

namespace moescope::ui {

class FlowLayout;
class IconButton;

/** A document by its name and its tokens; a click shows its text. */
class DocumentChip : public QAbstractButton {
    Q_OBJECT
public:
    /** `closable`: with a cross, and the Delete key. */
    DocumentChip(const DocumentView& document, bool closable, QWidget* parent = nullptr);

    const DocumentView& document() const { return m_document; }
    void setDocument(const DocumentView& document);
    /** A search found something in it: the hit in view, or another one. */
    void setFound(bool found, bool current);

    QSize sizeHint() const override;

signals:
    void closeRequested();

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    void describe();
    void place();

    DocumentView m_document;
    IconButton* m_close = nullptr;
    bool m_found = false;
    bool m_current = false;
};

/** The chips of a message, in as many rows as they need. Nothing while there are none. */
class DocumentStrip : public QWidget {
    Q_OBJECT
public:
    /** `closable`: of the composer. */
    explicit DocumentStrip(bool closable, QWidget* parent = nullptr);

    void setDocuments(const QList<DocumentView>& documents);
    const QList<DocumentView>& documents() const { return m_documents; }
    bool isEmpty() const { return m_documents.isEmpty(); }
    /** Marks those that a search found something in; `current` is the one in view, −1: none. */
    void setFound(const QList<int>& documents, int current);
    /** px that the chips take side by side, at most `most`. */
    int idealWidth(int most) const;
    /** px that they take in this width. */
    int rowsHeight(int width) const;
    /** Puts them behind this widget in the order of the Tab key. */
    void chainAfter(QWidget* before);

signals:
    /** Of a closable one. */
    void closeRequested(qint64 document);
    void openRequested(int index);
    /** The chip with the focus is gone. */
    void focusLost();

private:
    bool m_closable;
    FlowLayout* m_rows = nullptr;
    QList<DocumentView> m_documents;
    QList<DocumentChip*> m_chips;
};

} // namespace moescope::ui
