// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/controller/inferencecontroller.h"
#include "app/gui/filework.h"
#include "app/store/documents.h"
#include "ui/models/conversation.h"

#include <QObject>
#include <QStringList>

namespace moescope::gui {

/** The texts beside what stands in the composer: read in the background, counted by the loaded model, kept with the draft.
 *  While a sent message is edited they are that message's. */
class DraftDocuments : public QObject {
    Q_OBJECT
public:
    static constexpr int kMost = 20; ///< beside one message

    DraftDocuments(controller::InferenceController& controller, FileWork& files, QObject* parent = nullptr);

    const QList<ui::DocumentView>& views() const { return m_views; }
    /** Tokens of the context that the chat in view takes up. */
    void setUsed(quint64 tokens) { m_used = tokens; }

public slots:
    /** Adds files; refused() says of each why it is not taken. One that the model's context could never hold is refused once
     *  it is counted. */
    void add(const QStringList& paths);
    void remove(qint64 id);
    /** Those of a chat that comes into view, or that were given back. */
    void show(const QList<moescope::store::Document>& documents);
    /** They were sent. */
    void clear();
    void beginEdit(const QList<moescope::ui::DocumentView>& documents);
    void endEdit();

signals:
    void changed(const QList<moescope::ui::DocumentView>& documents);
    /** What is kept with the draft is another. */
    void draftChanged(const QList<moescope::store::Document>& documents);
    void refused(const QString& sentence);
    /** A file that was added is a model. */
    void modelFound(const QString& path);

private:
    ui::DocumentView* find(qint64 id);
    void addRead(qint64 id, const store::Document& document);
    void failed(qint64 id, const QString& path, const trace::Error& error);
    void counted(qint64 id, int tokens);
    void count(ui::DocumentView& view);
    void countAll();
    void set(const QList<ui::DocumentView>& views);
    void tell();
    void keep();
    QString tooLong(const ui::DocumentView& view, int tokens) const;

    controller::InferenceController& m_controller;
    FileWork& m_files;
    QList<ui::DocumentView> m_views;
    QList<ui::DocumentView> m_draft; ///< while a message is edited: those of the draft
    bool m_editing = false;
    qint64 m_last = 0; ///< id
    quint64 m_used = 0;
};

/** As the store takes them: what is read. */
QList<store::Document> documentsOf(const QList<ui::DocumentView>& views);

} // namespace moescope::gui
