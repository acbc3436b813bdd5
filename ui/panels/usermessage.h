// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/panels/messagewidget.h"

class QPushButton;

namespace moescope::ui {

class DocumentStrip;
class IconButton;
class PlainTextView;
class VersionSwitch;

/** What the user wrote: a sunken box at the right, plain text. */
class UserMessage : public MessageWidget {
    Q_OBJECT
public:
    explicit UserMessage(QWidget* parent = nullptr);

    void setMessage(const MessageView& message) override;
    void appendText(const QString& text) override;
    int layoutFor(int width) override;
    void setAnswering(bool answering) override;
    void setEdited(bool edited) override;
    void setTokens(const QList<TokenRange>& ranges, int selected, bool clickable) override;
    void setFound(const QList<SourceRange>& hits, int current) override;
    int offsetTop(int offset) const override;
    void applyTheme() override;

protected:
    void paintEvent(QPaintEvent* event) override;
    void enterEvent(QEnterEvent* event) override;
    void leaveEvent(QEvent* event) override;

private:
    void refreshText();
    void showActions();

    MessageView m_message;
    DocumentStrip* m_documents = nullptr;
    PlainTextView* m_text = nullptr;
    IconButton* m_copy = nullptr;
    IconButton* m_edit = nullptr;
    IconButton* m_compare = nullptr;
    QPushButton* m_all = nullptr;
    VersionSwitch* m_versions = nullptr;
    QRect m_box;
    bool m_whole = false;
    bool m_edited = false;
    bool m_answering = false;
};

} // namespace moescope::ui
