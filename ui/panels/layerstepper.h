// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QWidget>

class QLabel;

namespace moescope::ui {

class IconButton;

/** "Layer ‹ 5 ›" in a panel's title row. */
class LayerStepper : public QWidget {
    Q_OBJECT
public:
    explicit LayerStepper(QWidget* parent = nullptr);

    /** `layers` are as many as there are; nothing to step without. */
    void setLayer(int layer, int layers);
    /** Whether “Layer” stands before the number: not in a narrow panel. */
    void setWordShown(bool shown);

signals:
    /** One layer back or forward: −1 or 1. */
    void stepped(int step);

private:
    /** "3", and "L3" where no word stands before it. */
    void showNumber();

    int m_number = 0;
    QWidget* m_word = nullptr;
    IconButton* m_previous = nullptr;
    QLabel* m_layer = nullptr;
    IconButton* m_next = nullptr;
};

} // namespace moescope::ui
