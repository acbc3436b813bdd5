// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QWidget>

namespace moescope::ui {

class IconButton;

/** Title of the conversation and what can be done with the whole of it (40 px). */
class ChatHead : public QWidget {
    Q_OBJECT
public:
    explicit ChatHead(QWidget* parent = nullptr);

    void setTitle(const QString& title);

signals:
    void findRequested();

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    QString m_title;
    IconButton* m_find = nullptr;
};

} // namespace moescope::ui
