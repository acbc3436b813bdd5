// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QWidget>

namespace moescope::ui {

class IconButton;

/** Title of the conversation and what can be done with the whole of it (40 px; compact 32, level with the titles of docks). */
class ChatHead : public QWidget {
    Q_OBJECT
public:
    explicit ChatHead(QWidget* parent = nullptr);

    void setTitle(const QString& title);

    void setCompact(bool compact);

signals:
    void findRequested();

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    void placeButton();

    QString m_title;
    bool m_compact = false;
    IconButton* m_find = nullptr;
};

} // namespace moescope::ui
