// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QDialog>

class QPushButton;
class QVBoxLayout;

namespace moescope::ui {

/** A dialog with an edge and a title of its own, alike on every desktop: 1 px line, title with ×, content below. A drag
 *  on the title moves it. */
class FramedDialog : public QDialog {
    Q_OBJECT
public:
    FramedDialog(const QString& title, QWidget* parent);

protected:
    /** Where the content goes, without margins. */
    QVBoxLayout* column() const { return m_column; }
    /** The same with margins. */
    QVBoxLayout* addBody();
    /** A button that closes the dialog, at the end of `column`. */
    QPushButton* addClose(QVBoxLayout* column);
    /** At most `wanted`, inside of the parent's window and over its middle. */
    void sizeWithin(const QSize& wanted);

    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void showEvent(QShowEvent* event) override;

private:
    QWidget* m_title = nullptr;
    QVBoxLayout* m_column = nullptr;
};

} // namespace moescope::ui
