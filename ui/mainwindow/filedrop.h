// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QUrl>
#include <QWidget>

namespace moescope::ui {

/** Takes files that are dropped anywhere on a window, before a text field below takes their names for text. Other drags
 *  go where they went. */
class FileDrop : public QObject {
    Q_OBJECT
public:
    static constexpr int kMost = 200; ///< files and folders at once

    explicit FileDrop(QWidget* window);

signals:
    /** Files are being dragged over the window, or are no longer. */
    void hovered(bool over);
    void dropped(const QList<QUrl>& urls);
    /** More than kMost. */
    void refused(int count);

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    QWidget* m_window;
};

/** Says over a page that files can be dropped there. */
class DropOverlay : public QWidget {
    Q_OBJECT
public:
    explicit DropOverlay(QWidget* parent);

protected:
    void paintEvent(QPaintEvent* event) override;
};

} // namespace moescope::ui
